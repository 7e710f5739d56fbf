#!/usr/bin/env python3
"""memory.py LOWRANK [--within PERCENT] [--data DIR] [--home DIR] [--base WORDS] CASE...

Compares the memory that lowrank predicts with what the kernel counts. A CASE is the words of a
recipe; they follow those of --base:
    "-t 2 method=lora batch=8"      lowrank run: VmHWM, from the store
    "-j 2 method=lora batch=8"      lowrank sweep of 2 seeds: VmHWM of a worker, and the sum of Pss
                                    over the parent and its workers, sampled
--home names a home whose models and data are used; nothing is written there. Prints a table. The
exit status is 1 when a prediction is off by more than PERCENT (10)."""
import glob, os, re, shutil, subprocess, sys, tempfile, time


def pss(pid):
    """Pss of a process and its children, bytes."""
    total = 0
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            children = [int(c) for c in f.read().split()]
        for p in [pid] + children:
            with open("/proc/%d/smaps_rollup" % p) as f:
                total += int(re.search(r"^Pss: +(\d+)", f.read(), re.M)[1]) * 1024
    except (OSError, TypeError):
        return 0  # one of them has just ended
    return total


class Case:
    def __init__(self, program, words, base, data, models):
        words_of = dict(w.split("=", 1) for w in base.split() + words.split() if "=" in w)
        self.program, self.words = program, ["%s=%s" % w for w in words_of.items()]
        self.how, self.n = re.match(r"-([tj]) (\d+) ", words).groups()
        self.home = tempfile.mkdtemp(prefix="lowrank-memory-")
        self.env = dict(os.environ, LOWRANK_HOME=self.home)
        if data:
            self.env["LOWRANK_DATA"] = data
        for sub in ("models", "data"):
            if models and os.path.isdir(os.path.join(models, sub)):
                os.symlink(os.path.abspath(os.path.join(models, sub)), os.path.join(self.home, sub))

    def call(self, *words):
        p = subprocess.run([self.program, *words], env=self.env, capture_output=True, text=True)
        if p.returncode:
            sys.exit("memory.py: '%s' ended with %d: %s"
                     % (" ".join(words), p.returncode, p.stderr.strip()))
        return p

    def peak(self):
        out = self.call("query", "--format", "csv", "SELECT max(peak_rss) FROM attempt").stdout
        return float(out.split()[-1])

    def run(self):
        text = self.call("run", "-v", "-t", self.n, *self.words).stderr
        yield "one process", 1e6 * float(re.search(r"memory: about (\d+) MB", text)[1]), self.peak()

    def sweep(self):
        study = os.path.join(self.home, "study.yaml")
        base = ", ".join(w.replace("=", ": ", 1) for w in self.words)
        with open(study, "w") as f:
            f.write("study: memory\nbase: {%s}\nseeds: %s\nmetric: loss\n" % (base, self.n))
        plan = self.call("plan", study, "--no-calibrate", "-j", self.n).stdout
        megabytes = re.search(r"worker .RSS (\d+) MB., (\d+) MB with", plan).groups()
        worker, total = [1e6 * float(x) for x in megabytes]
        p = subprocess.Popen([self.program, "sweep", study, "--no-calibrate", "-q", "-j", self.n],
                             env=self.env)
        most = 0
        while p.poll() is None:
            most = max(most, pss(p.pid))
            time.sleep(0.02)
        if p.returncode:
            sys.exit("memory.py: the sweep of '%s' ended with %d" % (base, p.returncode))
        yield "a worker", worker, self.peak()
        yield "all workers", total, most

    def close(self):
        shutil.rmtree(self.home)


def main():
    args, opts = sys.argv[1:], {"--within": "10", "--data": None, "--home": None, "--base": ""}
    while len(args) > 1 and args[1] in opts:
        opts[args[1]] = args[2]
        del args[1:3]
    if len(args) < 2:
        sys.exit(__doc__)
    worst = 0
    print("%-40s %-12s %9s %9s %7s" % ("case", "of", "predicted", "measured", "off"))
    for words in args[1:]:
        case = Case(args[0], words, opts["--base"], opts["--data"], opts["--home"])
        try:
            for of, predicted, measured in case.run() if case.how == "t" else case.sweep():
                off = 100 * (predicted / measured - 1)
                worst = max(worst, abs(off))
                print("%-40s %-12s %6.0f MB %6.0f MB %+5.1f %%"
                      % (words, of, predicted / 1e6, measured / 1e6, off), flush=True)
        finally:
            case.close()
    if worst > float(opts["--within"]):
        print("off by up to %.1f %%, more than %s %%" % (worst, opts["--within"]))
        return 1
    return 0


sys.exit(main())

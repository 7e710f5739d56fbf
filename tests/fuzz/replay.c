/* replay.c - run inputs that are kept in the repository through the fuzz targets, without
 * libFuzzer: the seeds in tests/fuzz/corpus/NAME and what once failed in tests/fuzz/crashes/NAME.
 *
 *   build/replay.x [NAME...]
 *
 * Each target runs in a process of its own. One that crashes, exits, or does not end within SECONDS
 * for a file fails on that file, and the next process goes on with the file after it. */
#include "tests/fuzz/replay.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of computing, and of waiting on a machine that does other things, too. */
enum { SECONDS = 5, WAIT_SECONDS = 60, MOST_FILES = 10000 };

struct list {
    char *path[MOST_FILES];
    int n;
};

static void add_folder(struct list *l, const char *folder, const char *name)
{
    struct dirent **entry = NULL;
    char path[512];

    snprintf(path, sizeof path, "tests/fuzz/%s/%s", folder, name);
    int n = scandir(path, &entry, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (entry[i]->d_name[0] != '.' && l->n < MOST_FILES) {
            l->path[l->n] = malloc(strlen(path) + strlen(entry[i]->d_name) + 2);
            sprintf(l->path[l->n++], "%s/%s", path, entry[i]->d_name);
        }
        free(entry[i]);
    }
    free(entry);
}

/* SIGPROF or SIGALRM ends the process. */
static void limit_time(bool on)
{
    setitimer(ITIMER_PROF, &(struct itimerval){ .it_value.tv_sec = on ? SECONDS : 0 }, NULL);
    alarm(on ? WAIT_SECONDS : 0);
}

/* A copy in memory of exactly the size of the file, so that a sanitizer sees a read beyond it. */
static void run_file(const struct fuzz_target *t, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY);

    if (fd < 0 || fstat(fd, &st) != 0)
        _exit(99);
    uint8_t *data = malloc((size_t)st.st_size + !st.st_size);
    if (!data || read(fd, data, (size_t)st.st_size) != st.st_size)
        _exit(99);
    close(fd);
    limit_time(true);
    t->run(data, (size_t)st.st_size);
    limit_time(false);
    free(data);
}

static void report(const char *path, int status)
{
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGPROF || WTERMSIG(status) == SIGALRM))
        printf("%s:1: error: does not end within %d s\n", path, SECONDS);
    else if (WIFSIGNALED(status))
        printf("%s:1: error: %s\n", path, strsignal(WTERMSIG(status)));
    else
        printf("%s:1: error: ended the process with status %d\n", path, WEXITSTATUS(status));
}

static int replay(const struct fuzz_target *t, const struct list *l, volatile int *at)
{
    int failed = 0, status;

    for (*at = 0; *at < l->n; ++*at) {
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            for (; *at < l->n; ++*at)
                run_file(t, l->path[*at]);
            exit(0);
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid)
            return failed + 1;
        if (status == 0 && *at >= l->n)
            return failed;
        report(*at < l->n ? l->path[*at] : t->name, status);
        failed++;
    }
    return failed;
}

static bool is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc < 2;
}

int main(int argc, char **argv)
{
    volatile int *at =
        mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int passed = 0, failed = 0;

    for (const struct fuzz_target *t = fuzz_targets; t->name; t++) {
        static struct list l;
        if (!is_wanted(t->name, argc, argv))
            continue;
        add_folder(&l, "corpus", t->name);
        add_folder(&l, "crashes", t->name);
        int bad = l.n ? replay(t, &l, at) : 1;
        if (l.n == 0)
            printf("tests/fuzz/fuzz_%s.c:1: error: there are no inputs in tests/fuzz/corpus/%s\n",
                   t->name, t->name);
        failed += bad;
        passed += l.n - (l.n ? bad : 0);
        while (l.n)
            free(l.path[--l.n]);
    }
    printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed != 0 || passed == 0;
}

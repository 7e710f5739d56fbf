# lowrank - "make" builds build/lowrank; "make help" lists the other targets.
VERSION := 0.1.0
PREFIX  ?= /usr/local
# Variables that choose a build, each with a folder of its own: REAL=double (precision of every
# computation), SAN=1 (AddressSanitizer and UndefinedBehaviorSanitizer), CC=clang, and ONEDNN=0 (do not use
# oneDNN although it is installed).
REAL    ?= float
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
B       := build$(if $(filter double,$(REAL)),-f64)$(if $(SAN),-san)$(if $(findstring clang,$(CC)),-clang)$(if \
           $(filter 0,$(ONEDNN)),-openblas)
MAKEFLAGS += $(if $(filter 0,$(MAKELEVEL)),-j$(shell nproc 2>/dev/null || echo 2)) --no-print-directory

CFLAGS  ?= -O2 -g
# Behind a check for NULL, GCC takes the pointer for one that may be NULL.
SANFLAG := -fsanitize=address,undefined -fno-omit-frame-pointer $(if $(findstring clang,$(CC)),,-Wno-format-overflow)
override CFLAGS += -std=c11 -D_GNU_SOURCE -I. -I$(B) -isystem /usr/include/libxml2 -MMD -MP -ffp-contract=off -fno-math-errno \
           -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith \
           -DLOWRANK_VERSION='"$(VERSION)"' -DREAL_IS_$(if $(filter double,$(REAL)),DOUBLE,FLOAT)=1 \
           $(if $(SAN),$(SANFLAG))
LDLIBS  += -lopenblas $(if $(HAVE_ONEDNN),-ldnnl) -lsqlite3 -lyaml -ljansson -lutf8proc -lpcre2-8 -lcrypto \
           -lcurl -lzip -llzma -lz -lxml2 -lstemmer -lgomp -lm -lpthread
# What the compiler found and $(B)/onednn_built.h says; read when a recipe runs.
HAVE_ONEDNN = $(shell grep -s 'ONEDNN 1' $(B)/onednn_built.h)
override LDFLAGS += $(if $(SAN),$(SANFLAG))

ROOMS    := core experiments ablations results plots
SRC      := $(wildcard $(foreach d,$(ROOMS),$(d)/*.c $(d)/*/*.c))
DIRS     := $(patsubst %/,%,$(sort $(dir $(SRC))))
TESTS    := $(wildcard tests/*.c tests/kit/*.c tests/*/test_*.c)
LIBOBJ   := $(patsubst %.c,$(B)/%.o,$(filter-out core/main.c,$(SRC))) $(B)/embedded.o \
            $(patsubst %,$(B)/%_table.o,adapt arch tok_kind metric data_format score_kind analysis)
TESTOBJ  := $(patsubst %.c,$(B)/%.o,$(TESTS)) $(B)/suite_table.o $(B)/cmd_table.o

all: $(B)/lowrank ## build the program
programs: $(B)/lowrank $(B)/tests.x
lib: $(LIBOBJ)

# --- Debian packages. A build only says which ones are missing; the targets in INSTALL install them, and
# the optional ones where that is possible.
DEBS := gcc libc6-dev libopenblas-dev libsqlite3-dev libyaml-dev libjansson-dev \
        libutf8proc-dev libpcre2-dev librandom123-dev libssl-dev libxxhash-dev libcurl4-openssl-dev libzip-dev \
        zlib1g-dev liblzma-dev libxml2-dev libstemmer-dev
DEBS_TEST := check libsubunit-dev gnuplot-nox fonts-dejavu-core wordnet-base python3-pip ca-certificates sqlite3
DEBS_CI   := clang clang-format libclang-rt-dev mandoc strace zsh
DEBS_OPTIONAL := $(if $(filter 0,$(ONEDNN)),,libdnnl-dev)
INSTALL := $(filter deps check test ci reproduce studies san fuzz fuzz-check,$(MAKECMDGOALS))
deps: ## install the Debian packages that are missing
	@sh .ci/deps.sh $(if $(INSTALL),install,check) \
	    "$(DEBS) $(if $(INSTALL),$(DEBS_TEST)) $(if $(filter ci fuzz,$(MAKECMDGOALS)),$(DEBS_CI))" \
	    "$(if $(INSTALL),$(DEBS_OPTIONAL))"

# --- Generated tables of everything that comes in kinds: each NAME for which a line of a source begins
# "const struct STRUCT STRUCT_NAME =".
names = $(sort $(shell sed -n 's/^const struct $(1) $(1)_\([a-z0-9_]*\) *=.*/\1/p' \
        $(foreach d,$(2),$(wildcard $(d)/*.c)) /dev/null))
# $(call table,STRUCT,HEADER,FOLDERS) writes STRUCT_table[], pointers to each STRUCT_NAME and NULL. The file
# is only rewritten when the list changes, so adding a source file is enough.
define table
$(B)/$(1)_table.c: FORCE
	@mkdir -p $(B); { echo '#include "$(2)"'; \
	$(foreach n,$(call names,$(1),$(3)),echo 'extern const struct $(1) $(1)_$(n);';) \
	echo 'const struct $(1) *const $(1)_table[] = {'; \
	$(foreach n,$(call names,$(1),$(3)),echo '    &$(1)_$(n),';) echo '    0 };'; } >$$@.new; \
	if cmp -s $$@.new $$@; then rm $$@.new; else mv $$@.new $$@; fi
endef
$(eval $(call table,adapt,core/adapt/adapt.h,core/adapt))
$(eval $(call table,arch,core/weights/arch.h,core/weights))
$(eval $(call table,tok_kind,core/text/tok.h,core/text))
$(eval $(call table,metric,core/metric/metric.h,core/metric))
$(eval $(call table,data_format,core/data/format.h,core/data))
$(eval $(call table,score_kind,core/score/score.h,core/score))
$(eval $(call table,cmd,core/cmd.h,$(DIRS)))
$(eval $(call table,analysis,ablations/analysis.h,ablations))
$(eval $(call table,suite,tests/kit/suite.h,$(patsubst %/,%,$(sort $(dir $(TESTS))))))

EMBED := $(foreach f,schema/*.sql queries/*.sql claims/*.yaml,$(sort $(wildcard results/$(f)))) results/paper.tsv results/dictionary.tsv \
         plots/report/report.css
$(B)/embedded.c: results/store/embed.sh $(EMBED)
	@mkdir -p $(B); sh results/store/embed.sh $(EMBED) >$@.new && mv $@.new $@
# The commit, and whether the tree differs from it: every attempt stores where it comes from.
$(B)/version.h: FORCE
	@mkdir -p $(B); { \
	echo "#define LOWRANK_GIT \"$$(sh experiments/run/git_state.sh | sed 's/"/\\"/g')\""; \
	echo '#define LOWRANK_CFLAGS "$(filter-out -D% -I% -W% -M%,$(CFLAGS))"'; } >$@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# Whether oneDNN becomes part of the program.
$(B)/onednn_built.h: FORCE | deps
	@mkdir -p $(B); have=0; \
	[ "$(ONEDNN)" = 0 ] || ! echo '#include <oneapi/dnnl/dnnl.h>' | \
	    $(CC) $(CFLAGS) -MF /dev/null -fsyntax-only -x c - 2>/dev/null || have=1; \
	echo "#define HAVE_ONEDNN $$have" >$@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; [ $$have = 1 ] || \
	    echo "building without oneDNN: slower on CPUs with AVX-512 (optional package: libdnnl-dev)"; fi

# --- Objects and programs: one short line for each step (V=1: the whole command; make -s: none).
step = $(if $(V),,@$(if $(findstring s,$(firstword -$(MAKEFLAGS))),,printf '  %-4s %s\n' $(1) $(2);))
$(B)/lowrank: $(B)/core/main.o $(B)/cmd_table.o $(LIBOBJ)
	$(call step,LINK,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(B)/tests.x: $(TESTOBJ) $(LIBOBJ)
	$(call step,LINK,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcheck -lsubunit -lrt
$(B)/%.o: %.c | deps $(B)/onednn_built.h
	@mkdir -p $(@D)
	$(call step,CC,$<)$(CC) $(CFLAGS) -c -o $@ $<
$(B)/%.o: $(B)/%.c | deps
	$(call step,CC,$<)$(CC) $(CFLAGS) -c -o $@ $<
$(B)/core/math/%.o: override CFLAGS += -O3
# At -O3, GCC unrolls the loop over blocks before it can vectorize it.
$(B)/core/base/rng.o: override CFLAGS += -ftree-vectorize
$(B)/experiments/run/provenance.o: $(B)/version.h

# --- Tests
check: deps ## the quick tests: float, and the gradient checks in double precision
	+@MAKE='$(MAKE)' sh tests/parts.sh layers tests replay $(if $(SAN)$(filter double,$(REAL)),,gradients)
PARTS ?= layers format fetch +san float double replay openblas clang stress speed faults fuzz
ci: deps ## everything that CI runs (make ci PARTS="san fuzz": some of it)
	+@MAKE='$(MAKE)' sh tests/parts.sh --strict $(PARTS)
test: programs ## the tests of one build (SUITES="adapt model": some of them; REAL=double, SAN=1, ...)
	@LOWRANK=$(abspath $(B))/lowrank OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(B)/tests.x $(SUITES)
san: ; $(MAKE) SAN=1 check ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
stress: $(B)/tests.x ## the store under 8 processes and 60 SIGKILLs, three times
	sh tests/store_stress.sh $(B)/tests.x 3
# Each target of tests/fuzz is a program of its own with libFuzzer, and a part of replay.x.
FUZZ := $(filter-out kit,$(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c)))
FUZZOBJ := $(patsubst %,$(B)/tests/%.o,fuzz/fuzz_kit kit/store_kit kit/temp) $(B)/cmd_table.o $(LIBOBJ)
fuzz: deps ## run the fuzz targets under libFuzzer (S=60: each for a minute; TARGETS="json sql": some of them)
	+@MAKE='$(MAKE)' sh tests/fuzz/run.sh $(or $(S),10) $(TARGETS)
fuzz-check: $(B)/replay.x ## run the kept inputs of the fuzz targets, without libFuzzer
	@OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(B)/replay.x $(TARGETS)
fuzzers: $(patsubst %,$(B)/fuzz_%,$(or $(TARGETS),$(FUZZ)))
$(B)/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(FUZZOBJ)
	$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)
$(B)/replay.x: $(B)/tests/fuzz/replay.o $(B)/fuzz_targets.o $(patsubst %,$(B)/tests/fuzz/replay_%.o,$(FUZZ)) $(FUZZOBJ)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(B)/tests/fuzz/replay_%.o: tests/fuzz/fuzz_%.c | deps $(B)/onednn_built.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DLLVMFuzzerTestOneInput=fuzz_$* -c -o $@ $<
$(B)/fuzz_targets.c: FORCE
	@mkdir -p $(B); { echo '#include "tests/fuzz/replay.h"'; \
	$(foreach n,$(FUZZ),echo 'int fuzz_$(n)(const uint8_t *, size_t);';) \
	echo 'const struct fuzz_target fuzz_targets[] = {'; \
	$(foreach n,$(FUZZ),echo '    { "$(n)", fuzz_$(n) },';) echo '    { 0, 0 } };'; } >$@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
# Words of a recipe after -t N (one process with N threads) or -j N (a sweep of N seeds in N workers).
MEMORY := $(foreach m,lora ft bitfit head topk,"-t 1 method=$(m)") "-t 2 method=lora" "-t 2 method=ft" \
          "-t 1 method=lora batch=8" "-t 1 method=lora batch=64 steps=10" "-t 1 method=lora recompute=true" \
          "-j 2 method=lora" "-j 2 method=ft" "-j 2 method=head"
memory: $(B)/lowrank ## predicted memory against measured memory of real runs; fails when one is off by 10 %
	@$(B)/lowrank fetch minilm >/dev/null
	@$(B)/lowrank prepare supersense >/dev/null
	@python3 tests/memory.py $(B)/lowrank --home "$${LOWRANK_HOME:-out}" --base \
	    "model=minilm task=supersense pooling=cls dev_n=300 steps=40" $(MEMORY)
format: ## format every C file in place
	clang-format -i $$(find $(ROOMS) tests -name '*.[ch]')
tidy: ## clang-tidy over every C file
	clang-tidy --quiet $(SRC) -- $(filter-out -M%,$(CFLAGS))

# --- Results
reproduce: $(B)/lowrank ## fetch the encoder, run the default study, print its tables, draw its figures
	@sh experiments/reproduce.sh $(B)/lowrank
studies: $(B)/lowrank ## run every study and analysis, then verdicts and the report (BUDGET=2h: in this time; LOWRANK_DATA=DIR: with GLUE)
	@sh ablations/studies.sh $(B)/lowrank "$(BUDGET)"
findings: $(B)/lowrank ## write results/findings from the store
	@sh results/findings.sh $(B)/lowrank results/findings

# --- The program
double: ; $(MAKE) REAL=double all ## build-f64/lowrank: the same program in double precision
install: $(B)/lowrank ## install below PREFIX (default /usr/local); DESTDIR stands before it
	@sh core/install.sh install $(B)/lowrank '$(DESTDIR)$(PREFIX)'
uninstall: ## remove what "make install" installed
	@sh core/install.sh uninstall '$(DESTDIR)$(PREFIX)'
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' Makefile | while read -r t text; do printf '  %-10s %s\n' "$$t" "$$text"; done
clean: ## remove everything that was built (never results)
	rm -rf build build-*

.PHONY: all programs lib deps check ci test san stress fuzz fuzz-check fuzzers memory format tidy reproduce studies findings \
        double install uninstall help clean FORCE
.SECONDARY:
-include $(wildcard $(B)/*.d $(B)/*/*.d $(B)/*/*/*.d)

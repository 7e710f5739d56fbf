# lowrank - "make" builds build/lowrank, "make help" lists what else there is.
VERSION := 0.1.0
PREFIX  ?= /usr/local
REAL    ?= float
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
# ONEDNN=0: without oneDNN though it is installed.
B       := build$(if $(filter double,$(REAL)),-f64)$(if $(SAN),-san)$(if $(findstring clang,$(CC)),-clang)$(if \
           $(filter 0,$(ONEDNN)),-openblas)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2) --no-print-directory

CFLAGS  ?= -O2 -g
SANFLAG := -fsanitize=address,undefined -fno-omit-frame-pointer
override CFLAGS += -std=c11 -D_GNU_SOURCE -I. -I$(B) -MMD -MP -ffp-contract=off -fno-math-errno \
           -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith \
           -DLOWRANK_VERSION='"$(VERSION)"' -DREAL_IS_$(if $(filter double,$(REAL)),DOUBLE,FLOAT)=1 \
           $(if $(SAN),$(SANFLAG))
LDLIBS  += -lopenblas $(if $(HAVE_ONEDNN),-ldnnl) -lsqlite3 -lfyaml -ljansson -lutf8proc -lpcre2-8 -lcrypto \
           -lcurl -lzip -lgomp -lm -lpthread
# What the compiler found ($(B)/onednn_built.h), asked when a recipe runs.
HAVE_ONEDNN = $(shell grep -s 'ONEDNN 1' $(B)/onednn_built.h)
override LDFLAGS += $(if $(SAN),$(SANFLAG))

SRC      := $(wildcard $(foreach d,core experiments ablations results plots,$(d)/*.c $(d)/*/*.c))
DIRS     := $(patsubst %/,%,$(sort $(dir $(SRC))))
TESTS    := $(wildcard tests/*.c tests/kit/*.c tests/*/test_*.c)
LIBOBJ   := $(patsubst %.c,$(B)/%.o,$(filter-out core/main.c,$(SRC))) $(B)/embedded.o \
            $(patsubst %,$(B)/%_table.o,adapt arch tok_kind metric analysis)
TESTOBJ  := $(patsubst %.c,$(B)/%.o,$(TESTS)) $(B)/suite_table.o $(B)/cmd_table.o

all: $(B)/lowrank ## build the program
lib: $(LIBOBJ)

# --- Debian packages. "make" only says what is missing; "make check" and "make reproduce" install it,
# and what it can do without when that is possible.
DEBS := gcc libc6-dev libopenblas-dev libsqlite3-dev libfyaml-dev libjansson-dev \
        libutf8proc-dev libpcre2-dev librandom123-dev libssl-dev libxxhash-dev libcurl4-openssl-dev libzip-dev
DEBS_ALL := $(DEBS) check libsubunit-dev gnuplot-nox fonts-dejavu-core wordnet-base python3-pip \
        ca-certificates sqlite3
DEBS_OPTIONAL := $(if $(filter 0,$(ONEDNN)),,libdnnl-dev)
INSTALL := $(filter deps check reproduce san,$(MAKECMDGOALS))
APT  := apt-get install -y --no-install-recommends
deps: ## install the Debian packages that are missing
	@command -v dpkg-query >/dev/null || exit 0; \
	have=" $$(dpkg-query -W -f '$${db:Status-Abbrev}$${Package}\n' | sed -n 's/^ii *//p' | tr '\n' ' ') "; \
	lacking() { for p; do case "$$have" in *" $$p "*) ;; *) printf ' %s' $$p ;; esac; done; }; \
	miss=$$(lacking $(if $(INSTALL),$(DEBS_ALL),$(DEBS))); \
	want=$$miss$$(lacking $(if $(INSTALL),$(DEBS_OPTIONAL))); \
	[ -z "$$want" ] && exit 0; \
	if [ -z "$(INSTALL)" ]; then \
	    echo "missing packages; run:  make deps   or   $(APT)$$miss"; exit 6; fi; \
	if [ "$$(id -u)" = 0 ]; then su=; \
	elif command -v sudo >/dev/null && sudo -v; then su=sudo; \
	elif [ -z "$$miss" ]; then exit 0; \
	else echo "cannot install packages without root or sudo; run as root:  $(APT)$$miss"; exit 6; fi; \
	echo "installing:$$want"; export DEBIAN_FRONTEND=noninteractive; log=$$(mktemp); \
	$$su $(APT) $$want >$$log 2>&1 || { $$su apt-get update -q && $$su $(APT) $$want; } >$$log 2>&1 || \
	    $$su $(APT) $$miss >$$log 2>&1; \
	rc=$$?; [ $$rc = 0 ] || tail -n 20 $$log; rm -f $$log; exit $$rc

# --- generated tables: every NAME in "const struct STRUCT STRUCT_NAME =" at the start of a line.
names = $(sort $(shell sed -n 's/^const struct $(1) $(1)_\([a-z0-9_]*\) *=.*/\1/p' \
        $(foreach d,$(2),$(wildcard $(d)/*.c)) /dev/null))
# $(call table,STRUCT,HEADER,FOLDERS): STRUCT_table[] of &STRUCT_NAME, NULL-terminated. Rewritten only
# when the list changed, so adding a file is enough.
define table
$(B)/$(1)_table.c: FORCE
	@mkdir -p $(B); { echo '#include "$(2)"'; \
	$(foreach n,$(call names,$(1),$(3)),echo 'extern const struct $(1) $(1)_$(n);';) \
	echo 'const struct $(1) *const $(1)_table[] = {'; \
	$(foreach n,$(call names,$(1),$(3)),echo '    &$(1)_$(n),';) echo '    0 };'; } >$$@.new; \
	if cmp -s $$@.new $$@; then rm $$@.new; else mv $$@.new $$@; fi
endef
$(eval $(call table,adapt,core/adapt/adapt.h,core/adapt))
$(eval $(call table,arch,core/nn/arch.h,core/nn))
$(eval $(call table,tok_kind,core/text/tok.h,core/text))
$(eval $(call table,metric,core/metric/metric.h,core/metric))
$(eval $(call table,cmd,core/cmd.h,$(DIRS)))
$(eval $(call table,analysis,ablations/analysis.h,ablations))
$(eval $(call table,suite,tests/kit/suite.h,$(patsubst %/,%,$(sort $(dir $(TESTS))))))

EMBED := $(foreach f,schema/*.sql queries/*.sql claims/*.yaml,$(sort $(wildcard results/$(f)))) results/paper.tsv \
         plots/report/report.css
$(B)/embedded.c: results/store/embed.sh $(EMBED)
	@mkdir -p $(B); sh results/store/embed.sh $(EMBED) >$@.new && mv $@.new $@
# The commit and whether the tree differs from it: provenance of every attempt.
$(B)/version.h: FORCE
	@mkdir -p $(B); { \
	echo "#define LOWRANK_COMMIT \"$$(git rev-parse HEAD 2>/dev/null || echo unknown)\""; \
	echo "#define LOWRANK_DIRTY $$(git diff --quiet HEAD -- 2>/dev/null && echo 0 || echo 1)"; \
	echo '#define LOWRANK_CFLAGS "$(filter-out -D% -I% -W% -M%,$(CFLAGS))"'; } >$@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# Whether oneDNN is part of the program.
$(B)/onednn_built.h: FORCE | deps
	@mkdir -p $(B); have=0; \
	[ "$(ONEDNN)" = 0 ] || ! echo '#include <oneapi/dnnl/dnnl.h>' | \
	    $(CC) $(CFLAGS) -MF /dev/null -fsyntax-only -x c - 2>/dev/null || have=1; \
	echo "#define HAVE_ONEDNN $$have" >$@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; [ $$have = 1 ] || \
	    echo "building without oneDNN: slower on CPUs with AVX-512 (optional package: libdnnl-dev)"; fi

# --- objects and programs
$(B)/lowrank: $(B)/core/main.o $(B)/cmd_table.o $(LIBOBJ)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(B)/tests.x: $(TESTOBJ) $(LIBOBJ)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcheck -lsubunit -lrt
$(B)/%.o: %.c | deps $(B)/onednn_built.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<
$(B)/%.o: $(B)/%.c | deps
	$(CC) $(CFLAGS) -c -o $@ $<
$(B)/core/math/%.o: override CFLAGS += -O3
# At -O3 GCC unrolls the loop over blocks before it could vectorise it.
$(B)/core/base/rng.o: override CFLAGS += -ftree-vectorize
$(B)/experiments/run/provenance.o: $(B)/version.h

# --- what to do with them
check: $(B)/lowrank $(B)/tests.x ## build and pass every quick test
	@sh tests/layers.sh
	@LOWRANK=$(abspath $(B))/lowrank OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(B)/tests.x
FIGURES := rank phi_rank phi_seed
reproduce: $(B)/lowrank ## fetch the encoder, run the default study, print its tables, draw its figures
	@$(B)/lowrank fetch minilm >/dev/null
	@$(B)/lowrank prepare supersense hypernym >/dev/null
	@$(B)/lowrank sweep rank
	@$(B)/lowrank ablate subspace
	@$(B)/lowrank table rank && echo && $(B)/lowrank table subspace_top && echo
	@for f in $(FIGURES); do $(B)/lowrank figure $$f || exit; done
# Every study's quick form, what is computed from their runs, the verdicts and the page. The study of methods has
# tasks of GLUE, whose files LOWRANK_DATA names.
STUDIES  := rank targets choice params lowdata combine truncate seeds alpha alphalr
ANALYSES := subspace amplify weights matrices latency
ANALYSES_GLUE := effective_rank intruder features forgetting # of the study of methods
GLUE     := $(if $(LOWRANK_DATA),methods)
studies: $(B)/lowrank ## run every study, analyses, verdicts and the report (LOWRANK_DATA=DIR: those with GLUE, too)
	@$(B)/lowrank fetch minilm >/dev/null
	@$(B)/lowrank prepare supersense hypernym >/dev/null
	@for s in $(GLUE) $(STUDIES); do $(B)/lowrank sweep $$s || exit; done
	@for a in $(ANALYSES); do $(B)/lowrank ablate $$a || exit; done
	@for a in $(if $(GLUE),$(ANALYSES_GLUE)); do $(B)/lowrank ablate $$a --study methods --task supersense || exit; done
	@$(B)/lowrank claims && $(B)/lowrank report
	@$(if $(GLUE),,echo "left out: methods and what is computed of it (GLUE's files: make studies LOWRANK_DATA=DIR)")
# What the store found, as files: tables, runs, verdicts, provenance, and the page.
TABLES := rank targets choice methods params lowdata combine truncate seeds alpha alphalr subspace_top phi_weight \
          amplify effective_rank intruder features forgetting matrices latency
FOUND  := results/findings
findings: $(B)/lowrank ## write results/findings from the store
	@mkdir -p $(FOUND); rm -f $(FOUND)/*.csv
	@for t in $(TABLES); do f=$(FOUND)/$$t.csv; $(B)/lowrank table $$t --format csv >$$f 2>/dev/null; \
	    [ "$$(wc -l <$$f)" -gt 1 ] || rm $$f; done
	@for q in runs provenance; do $(B)/lowrank query $$q --format csv >$(FOUND)/$$q.csv || exit; done
	@$(B)/lowrank claims --format csv >$(FOUND)/claims.csv
	@$(B)/lowrank report --out $(FOUND)/report.html
# Words of a recipe; -t: one process of so many threads, -j: a sweep of so many seeds and workers.
MEMORY := $(foreach m,lora ft bitfit head topk,"-t 1 method=$(m)") "-t 2 method=lora" "-t 2 method=ft" \
          "-t 1 method=lora batch=8" "-t 1 method=lora batch=64 steps=10" "-t 1 method=lora recompute=true" \
          "-j 2 method=lora" "-j 2 method=ft" "-j 2 method=head"
memory: $(B)/lowrank ## predicted memory against measured, of real runs; fails when one is off by 10 %
	@$(B)/lowrank fetch minilm >/dev/null
	@$(B)/lowrank prepare supersense >/dev/null
	@python3 tests/memory.py $(B)/lowrank --home "$${LOWRANK_HOME:-out}" --base \
	    "model=minilm task=supersense pooling=cls dev_n=300 steps=40" $(MEMORY)
stress: $(B)/tests.x ## the store under 8 processes and 60 SIGKILLs, three times
	sh tests/store_stress.sh $(B)/tests.x 3
san: ; $(MAKE) SAN=1 check ## the same under AddressSanitizer and UndefinedBehaviorSanitizer
double: ; $(MAKE) REAL=double all ## build-f64/lowrank: the same program in double precision
format: ## format every C file in place
	clang-format -i $$(git ls-files '*.c' '*.h')
tidy: ## clang-tidy over every C file
	clang-tidy --quiet $(SRC) -- $(filter-out -M%,$(CFLAGS))
install: $(B)/lowrank ## to PREFIX (default /usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/lowrank
	install -m 755 $(B)/lowrank $(DESTDIR)$(PREFIX)/bin/lowrank
	for f in $$(git ls-files 'experiments/*.yaml' 'ablations/*.yaml' 'plots/*.gp'); do \
	    install -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/lowrank/$$f; done
help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' Makefile
clean: ## remove what was built (never results)
	rm -rf build build-*

.PHONY: all lib deps check reproduce studies findings memory stress san double format tidy install help clean FORCE
.SECONDARY:
-include $(wildcard $(B)/*.d $(B)/*/*.d $(B)/*/*/*.d)

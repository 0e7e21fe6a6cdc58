# Builds one trusted application, static library or shared library for TAs. A TA's Makefile sets
# one of BINARY, LIBNAME and SHLIBNAME and includes this file; the sources are named in sub.mk.
#
# BINARY=<uuid>       makes <uuid>.elf, .stripped.elf, .dmp, .map and .ta
# LIBNAME=<name>      makes lib<name>.a
# SHLIBNAME=<name>    with SHLIBUUID=<uuid>: makes <name>.so, .stripped.so, .dmp, .map, <uuid>.elf
#                     and <uuid>.ta
#
# O=<dir>             where to build, else beside the sources
# V=1                 show commands; DEBUG=1: no optimisation; WARNS=0..3: how many warnings
# CFG_<x>=<value>     each becomes a macro in all sources: y is 1, n and nothing are undefined
# CFG_TEE_TA_LOG_LEVEL=0..4     which trace messages are compiled in
# CFG_TA_MBEDTLS=n    without mbedTLS and its headers; they are there otherwise, if the kit has them
# CFG_TA_OPTEE_CORE_API_COMPAT_1_1=y    the API with the lengths of version 1.1
# CPPFLAGS CFLAGS CXXFLAGS AFLAGS LDFLAGS LDADD libnames libdirs libdeps    as usual
# TA_SIGN_KEY=<file>  key of the package (`teesim ta sign`), else, and for a board's RSA key, the
#                     developer's own; CFG_TA_VERSION=<number>
# TEESIM=<program>    the tool that signs; empty: the .ta is the plain ELF file
# TA_ARCH_DEFINE=ARM64    define the one of ARM32, ARM64, RV32, RV64 that some TAs insist on
# TA_CHECK_SYMBOLS=n  don't fail for a symbol that neither the TA nor the runtime has
ta-dev-kit-dir := $(patsubst %/,%,$(abspath $(dir $(lastword $(MAKEFILE_LIST)))..))

.PHONY: all clean
all:

comma := ,
kit-error = $(error TA dev kit: $1)

ifeq ($(filter 4.% 5.%,$(MAKE_VERSION)),)
$(call kit-error,GNU make 4.2 or newer is needed and this is $(MAKE_VERSION))
endif

kit-products := $(strip $(if $(BINARY),BINARY) $(if $(LIBNAME),LIBNAME) $(if $(SHLIBNAME),SHLIBNAME))
ifneq ($(words $(kit-products)),1)
$(call kit-error,$(CURDIR)/Makefile must set exactly one of BINARY$(comma) LIBNAME and SHLIBNAME \
	before it includes ta_dev_kit.mk; it sets $(or $(kit-products),none of them))
endif
ifneq ($(SHLIBNAME),)
ifeq ($(SHLIBUUID),)
$(call kit-error,$(CURDIR)/Makefile sets SHLIBNAME=$(SHLIBNAME) but not SHLIBUUID$(comma) the UUID \
	under which TAs find the library)
endif
endif

# The library is there where the kit was built with it, and its headers are the distribution's.
kit-mbedtls := $(and $(wildcard $(ta-dev-kit-dir)/lib/libmbedtls.a.version),$(wildcard /usr/include/mbedtls/config.h))
ifeq ($(kit-mbedtls),)
ifeq ($(CFG_TA_MBEDTLS),y)
$(call kit-error,CFG_TA_MBEDTLS=y needs mbedTLS 2.28$(comma) which $(if $(wildcard /usr/include/mbedtls/config.h),this \
	kit was built without,is not installed): install libmbedtls-dev and build the kit again)
endif
CFG_TA_MBEDTLS := n
endif

include $(ta-dev-kit-dir)/mk/conf.mk

out-dir := $(patsubst %/,%,$(or $(strip $(O)),.))

ifeq ($(V),1)
q :=
kit-say = @:
else
q := @
kit-say = @printf '  %-7s %s\n'
endif

include $(ta-dev-kit-dir)/mk/$(if $(filter clang,$(COMPILER_$(sm))),clang,gcc).mk
include $(ta-dev-kit-dir)/mk/macros.mk
include $(ta-dev-kit-dir)/mk/cc-option.mk
include $(ta-dev-kit-dir)/mk/compile.mk
include $(ta-dev-kit-dir)/mk/subdir.mk
include $(ta-dev-kit-dir)/mk/$(if $(BINARY),link,$(if $(LIBNAME),archive,link_shlib)).mk
include $(ta-dev-kit-dir)/mk/cleandirs.mk

# Its own header comes before all others of that name.
cppflags-y += -include $(CURDIR)/include/first.h
cppflags-y += -DHASH_LIB=OURS
ifeq ($(CFG_TPM_MEASURED),y)
cppflags-y += -DMEASURED
endif

global-incdirs-y += include
global-incdirs-y += platform
global-incdirs_ext-y += $(CFG_TPM_REFERENCE)/include

cflags-y += -Werror -Wno-unused-function
cflags-platform/clock.c-y += -Wno-unused-variable -Wno-error

srcs-y += platform/clock.c
srcs-y += tpm.c

srcs_ext_base-y := $(CFG_TPM_REFERENCE)/src/
srcs_ext-y += startup.c
srcs_ext-y += deep/clock.c

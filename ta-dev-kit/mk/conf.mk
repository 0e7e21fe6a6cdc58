# What the kit is built for, and the switches that it was built with. Included by ta_dev_kit.mk, by
# makefiles of clients and tests that ask what the TEE offers (as host_include/conf.mk), and free of
# anything but assignments.
sm := ta_x86_64
sm-$(sm) := y

ARCH := x86_64
CFG_X86_64_$(sm) := y
CFG_KERN_LINKER_FORMAT ?= elf64-x86-64
PYTHON3 ?= python3

# The TA runs natively, so its compiler is the machine's own: the prefix is empty unless the user
# says otherwise.
CROSS_COMPILE ?=
CROSS_COMPILE_$(sm) ?= $(CROSS_COMPILE)
COMPILER ?= gcc
COMPILER_$(sm) ?= $(COMPILER)

$(sm)-platform-cppflags :=
$(sm)-platform-cflags := -fPIC -fno-omit-frame-pointer -fstack-protector-strong
$(sm)-platform-aflags :=

# What the simulated TEE offers.
CFG_TEE_SIMULATOR ?= y
CFG_REE_FS ?= y
CFG_RPMB_FS ?= y
CFG_SYSTEM_PTA ?= y
CFG_GP_SOCKETS ?= y
CFG_TA_DYNLINK ?= y
CFG_TA_FLOAT_SUPPORT ?= y
CFG_TA_LIBGCC ?= y
CFG_TEE_TA_LOG_LEVEL ?= 1
CFG_TA_MBEDTLS ?= y
CFG_TA_MBEDTLS_SELF_TEST ?= $(CFG_TA_MBEDTLS)
CFG_PKCS11_TA ?= n
CFG_TA_VERSION ?= 0

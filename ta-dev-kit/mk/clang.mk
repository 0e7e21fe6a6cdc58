# Clang with the GNU binary tools: COMPILER=clang.
kit-tool = $(if $(filter default undefined,$(origin $1)),$2,$($1))
CC$(sm) := $(call kit-tool,CC,clang)
CXX$(sm) := $(call kit-tool,CXX,clang++)
AR$(sm) := $(call kit-tool,AR,$(CROSS_COMPILE_$(sm))ar)
NM$(sm) := $(call kit-tool,NM,$(CROSS_COMPILE_$(sm))nm)
OBJCOPY$(sm) := $(call kit-tool,OBJCOPY,$(CROSS_COMPILE_$(sm))objcopy)
OBJDUMP$(sm) := $(call kit-tool,OBJDUMP,$(CROSS_COMPILE_$(sm))objdump)

subdirs-y += deep
srcs-y += counter.S
srcs-y += shape.cc
aflags-y += -Wa,--defsym,STEP=3

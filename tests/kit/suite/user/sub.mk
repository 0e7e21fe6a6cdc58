global-incdirs-y += include ../include
srcs-y += user.c
srcs-$(CFG_SUITE_MORE) += more.c

libnames += suite
libdirs += $(out-dir)/../lib
libdeps += $(out-dir)/../lib/libsuite.so

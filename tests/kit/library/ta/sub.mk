incdirs-y += ../lib/include
srcs-y += ta.c
libnames += twice
libdirs += $(out-dir)/../lib
libdeps += $(out-dir)/../lib/libtwice.a

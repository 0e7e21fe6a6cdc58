incdirs-y += ../lib/include
srcs-y += ta.c
libnames += thrice
libdirs += $(out-dir)/../lib
libdeps += $(out-dir)/../lib/libthrice.so

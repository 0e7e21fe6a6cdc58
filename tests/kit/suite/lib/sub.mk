global-incdirs-y += ../include
srcs-y += lib.c lib_init.cpp

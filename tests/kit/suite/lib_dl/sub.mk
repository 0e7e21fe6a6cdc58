global-incdirs-y += ../include
srcs-y += lib_dl.c

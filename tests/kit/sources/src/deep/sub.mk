srcs-y += deep.c
cppflags-y += -DDEEP=23

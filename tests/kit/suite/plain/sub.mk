global-incdirs-y += include ../include
srcs-y += plain.c

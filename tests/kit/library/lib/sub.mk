global-incdirs-y += include
srcs-y += twice.c

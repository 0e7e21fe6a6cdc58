global-incdirs-y += include
srcs-y += thrice.c

global-incdirs-y += include
srcs-y += lock_ta.c

global-incdirs-y += include
srcs-y += notes_ta.c

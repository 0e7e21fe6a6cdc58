global-incdirs-y += include
srcs-y += authentication_ta.c

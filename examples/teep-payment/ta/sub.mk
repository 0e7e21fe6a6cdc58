global-incdirs-y += include
srcs-y += payment_ta.c

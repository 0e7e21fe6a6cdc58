global-incdirs-y += include
srcs-y += receipt_ta.c

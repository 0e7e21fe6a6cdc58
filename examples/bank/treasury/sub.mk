global-incdirs-y += include
global-incdirs-y += ../teller/include
srcs-y += treasury_ta.c

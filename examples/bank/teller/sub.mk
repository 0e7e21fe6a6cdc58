global-incdirs-y += include
global-incdirs-y += ../treasury/include
srcs-y += teller_ta.c

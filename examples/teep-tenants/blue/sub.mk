global-incdirs-y += .
global-incdirs-y += ../tenant/include
srcs-y += ../tenant/tenant_ta.c

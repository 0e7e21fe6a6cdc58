global-incdirs-y += include
srcs-y += vault_ta.c

global-incdirs-y += include
srcs-y += otp_ta.c

unsigned int platform_clock(void);

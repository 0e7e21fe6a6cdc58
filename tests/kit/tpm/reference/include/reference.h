unsigned int reference_startup(void);
unsigned int reference_clock(void);

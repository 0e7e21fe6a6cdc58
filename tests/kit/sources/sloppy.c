unsigned int sloppy(void);

unsigned int sloppy(void)
{
	int unused;

	return ONLY_SLOPPY;
}

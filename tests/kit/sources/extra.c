unsigned int extra(void);

unsigned int extra(void)
{
	return 99;
}

unsigned int deep(void);

unsigned int deep(void)
{
	return DEEP;
}

/* The API and nothing else, for exports_are_the_list.sh. */
int main(void)
{
	return 0;
}

#define FROM_FIRST 5

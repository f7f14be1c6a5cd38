/* crash_point_none.c - for builds that are meant to live */
#include "base/crash_point.h"

void crash_point(const char *name)
{
	(void)name;
}

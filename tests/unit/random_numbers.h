/* random_numbers.h - the same numbers in every run of a test */
#ifndef SIFTD_TESTS_RANDOM_NUMBERS_H
#define SIFTD_TESTS_RANDOM_NUMBERS_H

#include <stdint.h>

/* splitmix64: the same run everywhere */
static uint64_t random_state;

static inline uint64_t random_next(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static inline uint64_t random_below(uint64_t bound)
{
	return random_next() % bound;
}

#endif

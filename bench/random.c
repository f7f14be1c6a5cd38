/* random.c - seeded random numbers for generated logs */
#include "bench/random.h"

/* splitmix64: spreads any seed over the state */
void random_init(struct random *random, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		seed += 0x9e3779b97f4a7c15u;
		uint64_t z = seed;
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		random->state[i] = z ^ (z >> 31);
	}
}

/* a random power of two as the upper bound, then even below it: density falls as 1/n */
uint32_t random_skewed(struct random *random, uint32_t below)
{
	uint32_t bits = 32 - (uint32_t)__builtin_clz(below | 1);
	uint32_t bound = 1u << random_below(random, bits + 1);
	uint32_t value = random_below(random, bound);
	return value < below ? value : random_below(random, below);
}

uint32_t random_tail(struct random *random, uint32_t median)
{
	uint32_t spread = median + random_below(random, median + 1) -
			  random_below(random, median / 2 + 1);
	/* each further doubling is a quarter as likely */
	uint32_t doublings =
		(uint32_t)__builtin_ctzll(random_next(random) | 1u << 20) / 2;
	return spread << doublings;
}

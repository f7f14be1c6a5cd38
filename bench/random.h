/* random.h - seeded random numbers for generated logs
 *
 * Threads: a struct random belongs to one thread. The same seed gives the same numbers
 * on every machine.
 */
#ifndef SIFTD_BENCH_RANDOM_H
#define SIFTD_BENCH_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state[4];
};

void random_init(struct random *random, uint64_t seed);

/* xoshiro256**, by Blackman and Vigna */
static inline uint64_t random_next(struct random *random)
{
	uint64_t *s = random->state;
	uint64_t result = s[1] * 5;
	result = ((result << 7) | (result >> 57)) * 9;
	uint64_t t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = (s[3] << 45) | (s[3] >> 19);
	return result;
}

/* 0 .. below - 1 */
static inline uint32_t random_below(struct random *random, uint32_t below)
{
	return (uint32_t)(((random_next(random) >> 32) * below) >> 32);
}

/* 0 .. below - 1, small numbers far more often: 1/rank up to rounding */
uint32_t random_skewed(struct random *random, uint32_t below);
/* as latencies and sizes are spread: around the median, with a long tail upwards */
uint32_t random_tail(struct random *random, uint32_t median);

#endif

/* hash64.h - the one 64-bit hash of siftd: XXH3-64
 *
 * Threads: any; pure. The values are stored (fingerprints, checksums), so the function
 * and its seeds never change without a version beside the stored value.
 */
#ifndef SIFTD_BASE_HASH64_H
#define SIFTD_BASE_HASH64_H

#include <stdint.h>

#include "base/slice.h"

uint64_t hash64(struct slice bytes, uint64_t seed);

/* XXH3-128, for keys whose bytes are not kept to be compared. Never stored. */
struct hash128 {
	uint64_t low;
	uint64_t high;
};

struct hash128 hash128(struct slice bytes);

/* mixes a second value into a hash, for keys of several parts; order matters */
static inline uint64_t hash64_mix(uint64_t hash, uint64_t value)
{
	hash ^= value + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
	hash ^= hash >> 32;
	hash *= 0xd6e8feb86659fd93u;
	hash ^= hash >> 32;
	return hash;
}

#endif

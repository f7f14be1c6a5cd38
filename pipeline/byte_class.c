/* byte_class.c - the table */
#include "pipeline/byte_class.h"

#define D (BYTE_DIGIT | BYTE_IDENT | BYTE_KEY)
#define L (BYTE_LOWER | BYTE_IDENT | BYTE_KEY)
#define U (BYTE_UPPER | BYTE_IDENT | BYTE_KEY)
#define B BYTE_BLANK
#define I BYTE_IDENT
#define K (BYTE_IDENT | BYTE_KEY)

const uint8_t byte_classes[256] = {
	['\t'] = B, [' '] = B, ['0'] = D, ['1'] = D, ['2'] = D, ['3'] = D, ['4'] = D,
	['5'] = D,  ['6'] = D, ['7'] = D, ['8'] = D, ['9'] = D, ['A'] = U, ['B'] = U,
	['C'] = U,  ['D'] = U, ['E'] = U, ['F'] = U, ['G'] = U, ['H'] = U, ['I'] = U,
	['J'] = U,  ['K'] = U, ['L'] = U, ['M'] = U, ['N'] = U, ['O'] = U, ['P'] = U,
	['Q'] = U,  ['R'] = U, ['S'] = U, ['T'] = U, ['U'] = U, ['V'] = U, ['W'] = U,
	['X'] = U,  ['Y'] = U, ['Z'] = U, ['a'] = L, ['b'] = L, ['c'] = L, ['d'] = L,
	['e'] = L,  ['f'] = L, ['g'] = L, ['h'] = L, ['i'] = L, ['j'] = L, ['k'] = L,
	['l'] = L,  ['m'] = L, ['n'] = L, ['o'] = L, ['p'] = L, ['q'] = L, ['r'] = L,
	['s'] = L,  ['t'] = L, ['u'] = L, ['v'] = L, ['w'] = L, ['x'] = L, ['y'] = L,
	['z'] = L,  ['_'] = K, ['.'] = K, ['$'] = I, ['/'] = K, ['@'] = K, ['#'] = I,
	['<'] = I,  ['>'] = I, ['*'] = I, ['+'] = I, ['-'] = K, ['~'] = I, [':'] = I,
	['('] = I,  [')'] = I, ['['] = I, [']'] = I,
};

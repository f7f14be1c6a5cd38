/* lex_bytes.c - the table of byte classes */
#include "pipeline/lex_bytes.h"

#define B LEX_BLANK
#define S LEX_SPLIT
#define D LEX_DIGIT
#define L LEX_LETTER
#define H (LEX_LETTER | LEX_HEX)
#define O LEX_OTHER
#define P LEX_DEEP
#define L16 L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L

/* clang-format off */
const uint8_t lex_classes[256] = {
	B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B,
	B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B,
	/*   !  "  #  $  %  &  '  (  )  *  +  ,  -  .         / */
	B, O, S, O, O, O, O, S, S, S, O, O, S, O, LEX_DOT, P,
	/* 0 to 9               :  ;  <  =  >  ? */
	D, D, D, D, D, D, D, D, D, D, S, S, S, S, S, O,
	/* @ A to O */
	P, H, H, H, H, H, H, L, L, L, L, L, L, L, L, L,
	/* P to Z                           [  \  ]  ^  _ */
	L, L, L, L, L, L, L, L, L, L, L, S, P, S, O, O,
	/* ` a to o */
	S, H, H, H, H, H, H, L, L, L, L, L, L, L, L, L,
	/* p to z                           {  |  }  ~  DEL */
	L, L, L, L, L, L, L, L, L, L, L, S, S, S, O, B,
	L16, L16, L16, L16, L16, L16, L16, L16,
};
/* clang-format on */

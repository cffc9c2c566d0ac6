<?php
/**
 * A field `handrail` in the REST answer of a post: text that lies outside of its content, and its language.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Public, like the post itself. Custom fields come in by the filter `handrail_post_text`.
 */
final class Rest_Text {

	/** Join in. */
	public static function hook(): void {
		add_action( 'rest_api_init', array( self::class, 'register' ) );
	}

	/** Add the field to each chosen type. */
	public static function register(): void {
		$text   = array( 'type' => 'string', 'context' => array( 'view', 'edit' ), 'readonly' => true );
		$schema = array(
			'description' => __( 'What Handrail reads beside the content.', 'handrail' ),
			'type'        => 'object',
			'context'     => array( 'view', 'edit' ),
			'readonly'    => true,
			'properties'  => array( 'text' => $text, 'language' => $text ),
		);
		foreach ( Settings::post_types() as $type ) {
			register_rest_field( $type, 'handrail', array( 'get_callback' => array( self::class, 'get' ), 'schema' => $schema ) );
		}
	}

	/**
	 * The field of one post.
	 *
	 * @param array<string, mixed> $prepared The post as REST writes it.
	 * @return array{text: string, language: string}
	 */
	public static function get( array $prepared ): array {
		$post = get_post( (int) ( $prepared['id'] ?? 0 ) );
		if ( ! $post instanceof \WP_Post || ! Content::is_public( $post ) ) {
			return array( 'text' => '', 'language' => '' );
		}
		/**
		 * Filters what is read beside a post's content, such as custom fields. Everybody can read it.
		 *
		 * @param string   $html HTML; tags that a post may not have are taken out.
		 * @param \WP_Post $post The post.
		 */
		$text = (string) apply_filters( 'handrail_post_text', self::product_text( $post ), $post );
		/**
		 * Filters a post's language.
		 *
		 * @param string   $language As in the HTML attribute `lang`.
		 * @param \WP_Post $post     The post.
		 */
		$language = (string) apply_filters( 'handrail_post_language', self::language( $post->ID ), $post );
		return array( 'text' => wp_kses_post( $text ), 'language' => preg_replace( '/[^A-Za-z0-9-]/', '', $language ) );
	}

	/**
	 * Price, stock, number and attributes of a product, which WooCommerce keeps beside the post.
	 *
	 * @param \WP_Post $post Any post.
	 */
	private static function product_text( \WP_Post $post ): string {
		$product = 'product' === $post->post_type && function_exists( 'wc_get_product' ) ? wc_get_product( $post->ID ) : null;
		if ( ! $product ) {
			return '';
		}
		$lines = array(
			$product->get_price_html(),
			$product->get_sku() ? esc_html( __( 'SKU:', 'handrail' ) . ' ' . $product->get_sku() ) : '',
			$product->is_in_stock() ? esc_html__( 'In stock', 'handrail' ) : esc_html__( 'Out of stock', 'handrail' ),
			$product->get_short_description(),
		);
		return '<p>' . implode( "</p>\n<p>", array_filter( $lines ) ) . '</p>';
	}

	/**
	 * The language that a translation plugin gives to a post, or the site's.
	 *
	 * @param int $id The post's number.
	 */
	private static function language( int $id ): string {
		$known = function_exists( 'pll_get_post_language' ) ? pll_get_post_language( $id, 'slug' ) : null;
		$wpml  = apply_filters( 'wpml_post_language_details', null, $id ); // phpcs:ignore -- WPML's own filter.
		if ( is_array( $wpml ) && ! empty( $wpml['language_code'] ) ) {
			$known = $wpml['language_code'];
		}
		return $known ? (string) $known : get_bloginfo( 'language' );
	}
}

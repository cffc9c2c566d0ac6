<?php
/**
 * Notes when a post becomes readable, changes, or is not readable any more.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Revisions, autosaves, menus and styles are posts, too: only chosen types count.
 */
final class Post_Watcher {

	/** Join in. */
	public static function hook(): void {
		add_action( 'transition_post_status', array( self::class, 'on_status' ), 10, 3 );
		add_action( 'wp_after_insert_post', array( self::class, 'on_saved' ), 10, 4 );
		add_action( 'before_delete_post', array( self::class, 'on_delete' ), 10, 2 );
		add_action( 'woocommerce_update_product', array( self::class, 'on_product' ) );
	}

	/**
	 * A post has changed its status: only what leaves or enters "publish" matters.
	 *
	 * @param string   $new  The status now.
	 * @param string   $old  The status before.
	 * @param \WP_Post $post The post.
	 */
	public static function on_status( string $new, string $old, \WP_Post $post ): void { // phpcs:ignore -- WordPress' own names.
		if ( ! self::counts( $post ) || $new === $old ) {
			return;
		}
		if ( 'publish' === $new ) {
			Queue::add( 'post.published', $post->post_type, $post->ID );
		} elseif ( 'publish' === $old ) {
			Queue::add( 'trash' === $new ? 'post.trashed' : 'post.unpublished', $post->post_type, $post->ID );
		}
		if ( 'publish' === $new || 'publish' === $old ) {
			Media_Watcher::on_parent( $post->ID );
		}
	}

	/**
	 * A post that stays published was saved, with its terms and fields; or it got or lost a password.
	 *
	 * @param int           $id     Its number.
	 * @param \WP_Post      $post   As it is.
	 * @param bool          $update Whether it was there before.
	 * @param \WP_Post|null $before As it was.
	 */
	public static function on_saved( int $id, \WP_Post $post, bool $update, ?\WP_Post $before ): void {
		if ( ! self::counts( $post ) || 'publish' !== $post->post_status || ! $before || 'publish' !== $before->post_status ) {
			return;
		}
		Queue::add( '' === $post->post_password ? 'post.updated' : 'post.unpublished', $post->post_type, $id );
		if ( $post->post_password !== $before->post_password ) {
			Media_Watcher::on_parent( $id );
		}
	}

	/**
	 * A post goes for good.
	 *
	 * @param int      $id   Its number.
	 * @param \WP_Post $post As it was.
	 */
	public static function on_delete( int $id, \WP_Post $post ): void {
		if ( self::counts( $post ) && in_array( $post->post_status, array( 'publish', 'trash' ), true ) ) {
			Queue::add( 'post.deleted', $post->post_type, $id );
		}
	}

	/**
	 * WooCommerce writes prices and stock beside the post.
	 *
	 * @param int $id The product's number.
	 */
	public static function on_product( $id ): void {
		$post = get_post( (int) $id );
		if ( $post instanceof \WP_Post && self::counts( $post ) && 'publish' === $post->post_status ) {
			Queue::add( 'post.updated', $post->post_type, $post->ID );
		}
	}

	/**
	 * Whether a post is of a chosen type and the thing itself.
	 *
	 * @param \WP_Post $post Any post.
	 */
	private static function counts( \WP_Post $post ): bool {
		return in_array( $post->post_type, Settings::post_types(), true )
			&& ! wp_is_post_revision( $post )
			&& ! wp_is_post_autosave( $post );
	}
}

<?php
/**
 * Notes when a WooCommerce order changes.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * These actions are fired wherever orders are kept: as posts, or in tables of their own.
 */
final class Order_Watcher {

	private const CHANGED = array(
		'woocommerce_new_order',
		'woocommerce_update_order',
		'woocommerce_untrash_order',
	);
	private const GONE    = array(
		'woocommerce_trash_order',
		'woocommerce_delete_order',
		'woocommerce_before_delete_order',
	);

	/**
	 * Numbers of orders that go in this request: the last hook comes when they are gone.
	 *
	 * @var array<int, string>
	 */
	private static array $numbers = array();

	/** Join in. */
	public static function hook(): void {
		foreach ( self::CHANGED as $action ) {
			add_action( $action, array( self::class, 'on_changed' ) );
		}
		foreach ( self::GONE as $action ) {
			add_action( $action, array( self::class, 'on_gone' ) );
		}
	}

	/**
	 * An order was placed, paid, sent …
	 *
	 * @param int $id Its id.
	 */
	public static function on_changed( $id ): void {
		if ( Orders::are_told() ) {
			Queue::add( 'order.updated', 'order', (int) $id );
		}
	}

	/**
	 * An order is in the trash, or deleted: its number is noted while it can still be asked.
	 *
	 * @param int $id Its id.
	 */
	public static function on_gone( $id ): void {
		if ( Orders::are_told() ) {
			$number               = Orders::number( (int) $id );
			self::$numbers[ $id ] = '' !== $number ? $number : ( self::$numbers[ $id ] ?? '' );
			Queue::add( 'order.deleted', 'order', (int) $id, self::$numbers[ $id ] );
		}
	}
}

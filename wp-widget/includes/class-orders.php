<?php
/**
 * A WooCommerce order as the backend needs it to answer "where is my order?", and no more of it.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Read through WooCommerce's own objects, so that it does not matter where they are kept.
 */
final class Orders {

	private const UNFINISHED = array( 'checkout-draft', 'auto-draft', 'trash' );

	/**
	 * Whether orders are told at all.
	 */
	public static function are_told(): bool {
		return Settings::get( 'orders' ) && function_exists( 'wc_get_order' );
	}

	/**
	 * The event as it stands now, with the order as WooCommerce's REST API writes these fields.
	 *
	 * @param string $event As noted.
	 * @param int    $id    The order's id.
	 * @param string $note  Its number, if it was noted.
	 * @return array{0: string, 1: array<string, mixed>}
	 * @throws \RuntimeException Where WooCommerce cannot be asked.
	 */
	public static function describe( string $event, int $id, string $note = '' ): array {
		if ( ! function_exists( 'wc_get_order' ) ) {
			// Switched off for a moment: the order is still there.
			throw new \RuntimeException( __( 'WooCommerce is not active.', 'handrail' ) );
		}
		$order = wc_get_order( $id );
		if ( $order && self::are_told() && 'order.deleted' !== $event && ! in_array( $order->get_status(), self::UNFINISHED, true ) ) {
			return array( 'order.updated', array( 'order' => self::fields( $order ) ) );
		}
		$number = $order ? (string) $order->get_order_number() : $note;
		return array( 'order.deleted', '' === $number ? array() : array( 'number' => $number ) );
	}

	/**
	 * The number that customers know an order by, which a shop may count in its own way; '' if it is gone already.
	 *
	 * @param int $id The order's id.
	 */
	public static function number( int $id ): string {
		$order = wc_get_order( $id );
		return $order ? (string) $order->get_order_number() : '';
	}

	/**
	 * The fields.
	 *
	 * @param \WC_Order $order An order.
	 * @return array<string, mixed>
	 */
	private static function fields( $order ): array {
		$created = $order->get_date_created();
		$parcels = $order->get_meta( '_wc_shipment_tracking_items' );
		return array(
			'id'               => $order->get_id(),
			'number'           => (string) $order->get_order_number(),
			'status'           => $order->get_status(),
			'currency'         => $order->get_currency(),
			'date_created_gmt' => $created ? gmdate( 'Y-m-d\TH:i:s', $created->getTimestamp() ) : null,
			'total'            => (string) $order->get_total(),
			'billing'          => array( 'email' => $order->get_billing_email() ),
			'line_items'       => self::rows( $order->get_items(), array( 'name' => 'get_name', 'quantity' => 'get_quantity' ) ),
			'shipping_lines'   => self::rows( $order->get_items( 'shipping' ), array( 'method_title' => 'get_method_title' ) ),
			'meta_data'        => is_array( $parcels ) ? array( array( 'key' => '_wc_shipment_tracking_items', 'value' => $parcels ) ) : array(),
		);
	}

	/**
	 * Rows of an order.
	 *
	 * @param object[]              $items   As the order has them.
	 * @param array<string, string> $getters Field → how to get it.
	 * @return array<int, array<string, mixed>>
	 */
	private static function rows( array $items, array $getters ): array {
		$row = static fn( object $item ): array => array_map( static fn( string $get ) => $item->$get(), $getters );
		return array_values( array_map( $row, $items ) );
	}
}

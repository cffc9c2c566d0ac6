<?php
/**
 * What other software may do here, as WordPress' Abilities API says it; nothing where WordPress has none.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * For those who may change settings, and for nobody else.
 */
final class Abilities {

	/** Join in. */
	public static function hook(): void {
		add_action( 'wp_abilities_api_categories_init', array( self::class, 'register_category' ) );
		add_action( 'wp_abilities_api_init', array( self::class, 'register' ) );
	}

	/** Where they are listed. */
	public static function register_category(): void {
		wp_register_ability_category(
			'handrail',
			array( 'label' => __( 'Support chat', 'handrail' ), 'description' => __( 'The support chat and what it knows.', 'handrail' ) )
		);
	}

	/** The abilities. To add one: describe it here. */
	public static function register(): void {
		$progress = static fn(): array => Routes::progress()->get_data();
		$start    = static function () use ( $progress ): array {
			Indexing::start();
			return $progress();
		};
		self::add( 'handrail/state', __( 'State of the support chat', 'handrail' ), __( 'How many changes wait to be told, and how far indexing is.', 'handrail' ), $progress, true );
		self::add( 'handrail/index-everything', __( 'Index everything now', 'handrail' ), __( 'Has all public content read again.', 'handrail' ), $start, false );
	}

	/**
	 * One.
	 *
	 * @param string   $name        Its name.
	 * @param string   $label       In a line.
	 * @param string   $description In a sentence.
	 * @param callable $execute     What it does.
	 * @param bool     $is_readonly Whether it only looks.
	 */
	private static function add( string $name, string $label, string $description, callable $execute, bool $is_readonly ): void {
		wp_register_ability(
			$name,
			array(
				'label'               => $label,
				'description'         => $description,
				'category'            => 'handrail',
				'output_schema'       => array( 'type' => 'object' ),
				'execute_callback'    => $execute,
				'permission_callback' => static fn(): bool => current_user_can( 'manage_options' ) && Settings::is_ready(),
				'meta'                => array(
					'annotations'  => array( 'readonly' => $is_readonly, 'destructive' => false, 'idempotent' => true ),
					'show_in_rest' => true,
				),
			)
		);
	}
}

<?php
/**
 * The page under Settings: one screen with three tabs, and the files that it needs, on that screen alone.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Settings, the events that could not be told, and notices.
 */
final class Admin {

	public const PAGE = 'handrail';

	/** Join in. */
	public static function hook(): void {
		add_action( 'admin_menu', array( self::class, 'add_page' ) );
		add_action( 'admin_init', array( Settings_Page::class, 'register' ) );
		add_action( 'admin_enqueue_scripts', array( self::class, 'add_files' ) );
		add_action( 'admin_notices', array( self::class, 'warn' ) );
		add_filter( 'plugin_action_links_' . plugin_basename( FILE ), array( self::class, 'add_link' ) );
	}

	/**
	 * Where the page is.
	 *
	 * @param string $tab settings, events or notices.
	 */
	public static function url( string $tab = 'settings' ): string {
		return add_query_arg( array( 'page' => self::PAGE, 'tab' => $tab ), admin_url( 'options-general.php' ) );
	}

	/** Settings → Handrail. */
	public static function add_page(): void {
		$page = add_options_page( __( 'Handrail', 'handrail' ), __( 'Handrail', 'handrail' ), 'manage_options', self::PAGE, array( self::class, 'show' ) );
		add_action( "load-$page", array( Events_Table::class, 'act' ) );
	}

	/**
	 * In the list of plugins.
	 *
	 * @param string[] $links What there is.
	 * @return string[]
	 */
	public static function add_link( array $links ): array {
		return array( '<a href="' . esc_url( self::url() ) . '">' . esc_html__( 'Settings', 'handrail' ) . '</a>', ...$links );
	}

	/**
	 * The script of the page.
	 *
	 * @param string $page Which page of wp-admin is shown.
	 */
	public static function add_files( string $page ): void {
		if ( 'settings_page_' . self::PAGE !== $page ) {
			return;
		}
		wp_enqueue_script( 'handrail-admin', plugins_url( 'admin/admin.js', FILE ), array( 'wp-api-fetch', 'wp-i18n', 'wp-a11y' ), VERSION, array( 'in_footer' => true ) );
		wp_set_script_translations( 'handrail-admin', 'handrail', dirname( __DIR__ ) . '/languages' );
	}

	/** The page. */
	public static function show(): void {
		if ( ! current_user_can( 'manage_options' ) ) {
			return;
		}
		$dead = Queue::counts()['dead'];
		$tabs = array(
			'settings' => __( 'Settings', 'handrail' ),
			/* translators: %d: how many. */
			'events'   => $dead ? sprintf( __( 'Events (%d could not be told)', 'handrail' ), $dead ) : __( 'Events', 'handrail' ),
			'notices'  => __( 'Notices', 'handrail' ),
		);
		$now  = self::tab();
		echo '<div class="wrap"><h1>' . esc_html__( 'Handrail', 'handrail' ) . '</h1><nav class="nav-tab-wrapper" aria-label="' . esc_attr__( 'Handrail', 'handrail' ) . '">';
		foreach ( $tabs as $tab => $label ) {
			$state = $tab === $now ? ' nav-tab-active' : '';
			echo '<a class="nav-tab' . esc_attr( $state ) . '" href="' . esc_url( self::url( $tab ) ) . '"' . ( $state ? ' aria-current="page"' : '' ) . '>' . esc_html( $label ) . '</a>';
		}
		echo '</nav>';
		if ( 'events' === $now ) {
			Events_Table::show();
		} elseif ( 'notices' === $now ) {
			self::show_notices();
		} else {
			Settings_Page::show();
		}
		echo '</div>';
	}

	/** What must be known on the dashboard: changes are not told. */
	public static function warn(): void {
		$screen = get_current_screen();
		if ( ! $screen || ! in_array( $screen->id, array( 'dashboard', 'settings_page_' . self::PAGE ), true ) || ! current_user_can( 'manage_options' ) ) {
			return;
		}
		$state = Circuit::state();
		if ( $state['failures'] >= 3 && time() - $state['since'] > MINUTE_IN_SECONDS ) {
			/* translators: 1: how long, such as "5 minutes", 2: why. */
			$text = sprintf( __( 'Handrail has not taken changes for %1$s, and they wait. %2$s', 'handrail' ), human_time_diff( $state['since'] ), $state['reason'] );
			echo '<div class="notice notice-error"><p>' . esc_html( $text ) . '</p></div>';
		}
	}

	/**
	 * Which tab is asked for.
	 */
	public static function tab(): string {
		$tab = isset( $_GET['tab'] ) ? sanitize_key( wp_unslash( $_GET['tab'] ) ) : ''; // phpcs:ignore -- chooses what is shown; changes nothing.
		return in_array( $tab, array( 'events', 'notices' ), true ) ? $tab : 'settings';
	}

	/** The newest notices. */
	private static function show_notices(): void {
		$notices = Notices::all();
		if ( ! $notices ) {
			echo '<p>' . esc_html__( 'No notice has come yet. Have them sent here:', 'handrail' ) . '</p><p><code>handrail site notices ' . esc_html( Settings::get( 'site_id' ) ) . ' ' . esc_html( rest_url( Routes::SPACE . '/notices' ) ) . '</code></p>';
			return;
		}
		echo '<ul>';
		foreach ( $notices as $notice ) {
			echo '<li><time datetime="' . esc_attr( gmdate( 'c', $notice['at'] ) ) . '">' . esc_html( wp_date( 'Y-m-d H:i', $notice['at'] ) ) . '</time> ' . esc_html( Notices::line( $notice ) ) . '</li>';
		}
		echo '</ul>';
	}
}
